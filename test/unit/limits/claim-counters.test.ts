import { describe, expect, test } from 'bun:test';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import type { Claim, LimitKind } from '../../../src/limits/claim.ts';
import { type ClaimCounters, countersAlone } from '../../../src/limits/claim-counters.ts';
import type { ClaimTaking, Hold } from '../../../src/limits/claim-taking.ts';
import { claim } from './claims.ts';

const NOW = { nowMs: 1_000, epochMs: Date.UTC(2026, 10, 29, 12) };
const NEXT_MONTH = Date.UTC(2026, 11, 1);

function counters(usedOf?: (counter: string, windowMs: number) => number): ClaimCounters {
  return countersAlone(new BucketLedger(), usedOf);
}

/** Takes from a limit that is known. */
function take(ledger: ClaimCounters, from: Claim, need: number, at = NOW): ClaimTaking {
  if (ledger.standing(from, at) === undefined) void ledger.seed(from, at);
  return ledger.take(from, need, at);
}

function held(taking: ClaimTaking): Hold {
  if (taking.kind !== 'taken') throw new Error(`the taking is ${taking.kind}`);
  return taking.hold;
}

const KINDS: readonly LimitKind[] = ['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests'];

describe('exactly the limit fits, and one more does not, of', () => {
  for (const kind of KINDS) {
    for (const unit of ['second', 'minute', 'hour', 'day', 'month', 'total'] as const) {
      test(`${kind} in a ${unit}`, () => {
        const period = { unit, timezone: 'UTC', startMs: undefined } as Claim['period'];
        const limit = claim({ kind, period, amount: 1_000 });
        const ledger = counters();
        take(ledger, limit, 400);
        expect(take(ledger, limit, 601).kind).toBe('full');
        expect(take(ledger, limit, 600).kind).toBe('taken');
        expect(take(ledger, limit, 1).kind).toBe('full');
      });
    }
  }
});

test('requests under way at the same time give their slot back', () => {
  const slots = claim({ kind: 'concurrent', amount: 2 });
  const ledger = counters();
  const first = held(take(ledger, slots, 1));
  take(ledger, slots, 1);
  expect(take(ledger, slots, 1)).toMatchObject({ kind: 'full', retryAfterMs: 1_000 });
  ledger.settle(first, 1, NOW);
  expect(take(ledger, slots, 1).kind).toBe('taken');
});

test('a new window is a new counter, and a late settlement goes into the old one', () => {
  const limit = claim({ amount: 100 });
  const ledger = counters();
  const hold = held(take(ledger, limit, 100));
  const next = { ...NOW, epochMs: NEXT_MONTH };
  expect(take(ledger, limit, 100, next).kind).toBe('taken');
  ledger.settle(hold, 80, next);
  expect(ledger.standing(limit, NOW)).toMatchObject({ used: 80, held: 0 });
  expect(ledger.standing(limit, next)).toMatchObject({ used: 0, held: 100 });
});

test('what the ledger knows of a window counts', () => {
  const limit = claim({ amount: 100 });
  const asked: [string, number][] = [];
  const ledger = counters((counter, windowMs) => {
    asked.push([counter, windowMs]);
    return 95;
  });
  expect(ledger.take(limit, 5, NOW).kind).toBe('unseeded');
  expect(take(ledger, limit, 5).kind).toBe('taken');
  expect(take(ledger, limit, 5)).toMatchObject({
    kind: 'full',
    standing: { used: 95, held: 5, remaining: 0 },
  });
  expect(asked).toEqual([['key:app/cost/month', Date.UTC(2026, 10, 1)]]);
});

test('a refusal tells when the window ends, or that only holds are in the way', () => {
  const limit = claim({ amount: 100 });
  const ledger = counters();
  const hold = held(take(ledger, limit, 60));
  expect(take(ledger, limit, 60)).toMatchObject({ kind: 'full', retryAfterMs: 1_000 });
  ledger.settle(hold, 100, NOW);
  expect(take(ledger, limit, 60)).toMatchObject({ kind: 'full', retryAfterMs: NEXT_MONTH - NOW.epochMs });
});

describe('a bucket', () => {
  const minute = claim({ kind: 'tokens', amount: 6_000, period: { unit: 'minute' } });

  test('fills again, by what was not used at once', () => {
    const ledger = counters();
    const hold = held(take(ledger, minute, 6_000));
    expect(take(ledger, minute, 100)).toMatchObject({ kind: 'full', retryAfterMs: 1_000 });
    expect(take(ledger, minute, 100, { ...NOW, nowMs: 2_000 }).kind).toBe('taken');
    ledger.settle(hold, 1_000, { ...NOW, nowMs: 2_000 });
    expect(ledger.standing(minute, { ...NOW, nowMs: 2_000 })?.remaining).toBe(5_000);
  });

  test('gives all it has to a larger request, and gets the rest afterwards', () => {
    const ledger = counters();
    const hold = held(take(ledger, minute, 20_000));
    expect(hold.amount).toBe(6_000);
    ledger.settle(hold, 12_000, NOW);
    const later = take(ledger, minute, 6_000, { ...NOW, nowMs: 61_000 });
    expect(later).toMatchObject({ kind: 'full', retryAfterMs: 60_000 });
  });

  test('is never more than full', () => {
    const ledger = counters();
    const hold = held(take(ledger, minute, 3_000));
    ledger.giveBack(hold, { ...NOW, nowMs: 600_000 });
    expect(ledger.standing(minute, { ...NOW, nowMs: 600_000 })?.remaining).toBe(6_000);
  });

  test('lets as many through as its burst', () => {
    const narrow = claim({ kind: 'tokens', amount: 6_000, burst: 1_000, period: { unit: 'minute' } });
    const ledger = counters();
    expect(take(ledger, narrow, 1_000).kind).toBe('taken');
    expect(take(ledger, narrow, 1).kind).toBe('full');
  });
});

test('a settlement tells how much of it is over the limit', () => {
  const limit = claim({ amount: 100 });
  const ledger = counters();
  const [first, second] = [held(take(ledger, limit, 50)), held(take(ledger, limit, 50))];
  expect(ledger.settle(first, 90, NOW)).toBe(0);
  expect(ledger.settle(second, 30, NOW)).toBe(20);
});

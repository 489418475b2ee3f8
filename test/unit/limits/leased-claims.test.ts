import { expect, test } from 'bun:test';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import { type ClaimCounters, countersAlone } from '../../../src/limits/claim-counters.ts';
import type { CounterLedger } from '../../../src/limits/counter.ts';
import { LeaseClient } from '../../../src/limits/lease.ts';
import type { LeasedCounter, LeaseVerdict } from '../../../src/limits/lease-report.ts';
import { SharedRates } from '../../../src/limits/shared-rates.ts';
import { claim } from './claims.ts';

const NOW = { nowMs: 1_000_000, epochMs: Date.UTC(2026, 10, 29, 12) };
/** Three machines, of which the store answers none. */
const ALONE = { nodes: 3 };

/** Counters with leases of nothing, whose store gives this verdict. */
function leasedCounters(verdict: LeaseVerdict = ALONE): {
  readonly counters: ClaimCounters;
  readonly buckets: BucketLedger;
  readonly records: () => CounterLedger;
  readonly asked: LeasedCounter[];
} {
  const buckets = new BucketLedger();
  const asked: LeasedCounter[] = [];
  let ledger: CounterLedger | undefined;
  const counters = countersAlone(
    buckets,
    () => 0,
    (records) => {
      ledger = records;
      return {
        seed: ({ key, endMs }) => {
          records.seedLeased(key, 0, endMs);
          return true;
        },
        source: {
          lease: async ({ of }) => {
            asked.push(of);
            return verdict;
          },
        },
      };
    },
  );
  return { counters, buckets, asked, records: () => ledger as CounterLedger };
}

test('while the store is away, a machine admits its share of a rate, and takes what it has leased first', () => {
  const { counters, records } = leasedCounters();
  const limit = claim({ kind: 'requests', period: { unit: 'minute' }, amount: 60, burst: 60 });
  expect(counters.take(limit, 1, NOW).kind).toBe('unseeded');
  void counters.seed(limit, NOW);
  records().allowMore(`${limit.counter}@0#`, 2);
  let admitted = 0;
  while (counters.take(limit, 1, NOW, ALONE).kind === 'taken') admitted += 1;
  expect(admitted).toBe(2 + 20);
  expect(counters.take(limit, 1, NOW)).toEqual({ kind: 'short' });
  // A share refills as fast as the rate, divided by the machines.
  expect(counters.take(limit, 1, NOW, ALONE)).toMatchObject({ kind: 'full', retryAfterMs: 3000 });
  expect(counters.take(limit, 1, { ...NOW, nowMs: NOW.nowMs + 3000 }, ALONE).kind).toBe('taken');
});

test('a share is no fuller than the bucket was when the store last told', () => {
  const { counters, records } = leasedCounters();
  const limit = claim({ kind: 'requests', period: { unit: 'minute' }, amount: 60, burst: 60 });
  void counters.seed(limit, NOW);
  records().noteElsewhere(`${limit.counter}@0#`, NOW.nowMs + 60_000);
  expect(counters.take(limit, 1, NOW, ALONE).kind).toBe('full');
});

test('what was used of a share is told apart from what was leased, and once', () => {
  const { counters, records, asked } = leasedCounters();
  const limit = claim({ kind: 'tokens', period: { unit: 'minute' }, amount: 60, burst: 60 });
  void counters.seed(limit, NOW);
  void counters.lease(limit, 1, NOW);
  const client = new LeaseClient({ records: records(), percent: 2, forgetMs: 600_000 });
  const question = { of: asked[0]!, need: 1, takesRest: false };
  const lost = client.ask(question, 1, NOW.nowMs)!;
  client.missed([lost]);
  for (let request = 0; request < 20; request++) counters.take(limit, 1, NOW, ALONE);
  const told = client.ask(question, 1, NOW.nowMs)!;
  expect(told).toMatchObject({ pending: 0, claim: 0, alone: 20, aloneLeft: 20 });
  client.missed([told]);
  // A minute later the share is full again.
  const later = { ...NOW, nowMs: NOW.nowMs + 60_000 };
  const again = client.ask(question, 1, later.nowMs)!;
  expect(again).toMatchObject({ alone: 20, aloneLeft: 0 });
  const { counter, windowMs, seq } = again;
  const none = { granted: 0, free: 60, used: 0, others: 0, fullInMs: 0, nodes: 3, isRecalled: false };
  client.hear({ counter, windowMs, seq, ...none }, later.nowMs);
  expect(client.tick(later.nowMs)).toEqual([]);
  // The use of a request replaces what it held.
  const taking = counters.take(limit, 10, later, ALONE);
  if (taking.kind === 'taken') counters.settle(taking.hold, 4, later);
  expect(client.tick(later.nowMs)).toMatchObject([{ pending: 0, alone: 24 }]);
});

test('while the store is away, a machine has its share of the slots, and at least one', () => {
  for (const [amount, share] of [
    [9, 3],
    [2, 1],
  ] as const) {
    const { counters } = leasedCounters();
    const limit = claim({ kind: 'concurrent', amount });
    void counters.seed(limit, NOW);
    let admitted = 0;
    while (counters.take(limit, 1, NOW, ALONE).kind === 'taken') admitted += 1;
    expect(admitted).toBe(share);
    expect(counters.take(limit, 1, NOW, ALONE).kind).toBe('full');
  }
});

test('a limit that only warns takes no lease, and counts what others have used', () => {
  const { counters, records } = leasedCounters('full');
  const limit = claim({ kind: 'requests', amount: 10, isSoft: true });
  expect(counters.take(limit, 1, NOW).kind).toBe('unseeded');
  void counters.seed(limit, NOW);
  records().noteElsewhere(`${limit.counter}@${Date.UTC(2026, 10, 1)}#`, 30);
  expect(counters.take(limit, 1, NOW)).toMatchObject({ kind: 'taken', standing: { used: 30, held: 1 } });
});

test('the rate limit of a key is one bucket of all machines', async () => {
  const { counters, buckets, asked } = leasedCounters();
  const rates = new SharedRates(counters, buckets, () => NOW.epochMs);
  const limit = { ratePerSecond: 1, burst: 6 };
  const takings = [];
  for (let request = 0; request < 4; request++)
    takings.push(await rates.take('0123456789abcdef', limit, NOW.nowMs));
  expect(takings.map(({ admitted }) => admitted)).toEqual([true, true, false, false]);
  expect(asked[0]).toMatchObject({ form: 'bucket', limit: 6, perMs: 0.001 });
  // A changed limit holds from the next request on.
  await rates.take('0123456789abcdef', { ratePerSecond: 2, burst: 9 }, NOW.nowMs);
  expect(asked.at(-1)).toMatchObject({ limit: 9, perMs: 0.002 });
});

test('a rate that all machines have used up is refused until it has refilled', () => {
  const { counters, records } = leasedCounters('full');
  const limit = claim({ kind: 'requests', period: { unit: 'minute' }, amount: 60, burst: 60 });
  void counters.seed(limit, NOW);
  records().noteElsewhere(`${limit.counter}@0#`, NOW.nowMs + 60_000);
  expect(counters.take(limit, 1, NOW, 'full')).toMatchObject({ kind: 'full', retryAfterMs: 1000 });
});

test('the use of a bucket is told once, also if its record was lost', () => {
  const { counters, records, asked } = leasedCounters();
  const limit = claim({ kind: 'requests', period: { unit: 'minute' }, amount: 60, burst: 60 });
  void counters.seed(limit, NOW);
  void counters.lease(limit, 1, NOW);
  const [of] = asked;
  const client = new LeaseClient({ records: records(), percent: 2, forgetMs: 600_000 });
  const use = (requests: number): number => {
    records().allowMore(of!.key, requests);
    for (let request = 0; request < requests; request++) {
      const taking = counters.take(limit, 1, NOW);
      if (taking.kind === 'taken') counters.settle(taking.hold, 1, NOW);
    }
    const report = client.ask({ of: of!, need: 1, takesRest: false }, 1, NOW.nowMs)!;
    client.missed([report]);
    return report.pending;
  };
  expect([use(3), use(2)]).toEqual([3, 5]);
  records().sweep(of!.endMs + 1e9);
  void counters.seed(limit, NOW);
  expect(use(4)).toBe(9);
});

test('slots and units of a bucket are given up much sooner than the leases of windows', () => {
  for (const [limit, left] of [
    [claim({ kind: 'concurrent', amount: 9 }), 0],
    [claim({ kind: 'requests', period: { unit: 'minute' }, amount: 60, burst: 60 }), 0],
    [claim({ kind: 'requests', amount: 60 }), 5],
  ] as const) {
    const { counters, records, asked } = leasedCounters();
    void counters.seed(limit, NOW);
    void counters.lease(limit, 1, NOW);
    const [of] = asked;
    const client = new LeaseClient({ records: records(), percent: 2, forgetMs: 600_000 });
    client.watch(of!);
    records().allowMore(of!.key, 5);
    client.answered(NOW.nowMs);
    client.delayed();
    client.tick(NOW.nowMs + 3999);
    expect(records().leased(of!.key)?.allow).toBe(5);
    client.tick(NOW.nowMs + 4001);
    expect(records().leased(of!.key)?.allow).toBe(left);
  }
});

test('the claim on a counter is that of the window in use, until a request uses the next', () => {
  const { counters, records, asked } = leasedCounters();
  const limit = claim({ kind: 'requests', amount: 60 });
  void counters.seed(limit, NOW);
  void counters.lease(limit, 1, NOW);
  const of = asked[0]!;
  const client = new LeaseClient({ records: records(), percent: 2, forgetMs: 600_000 });
  client.ask({ of, need: 1, takesRest: false }, 1, NOW.nowMs);
  records().allowMore(of.key, 5);
  const [ahead] = client.unseeded({ nowMs: NOW.nowMs, epochMs: of.endMs - 1000 });
  expect(ahead).toMatchObject({ counter: of.counter, windowMs: of.endMs });
  records().seedLeased(ahead!.key, 0, ahead!.endMs);
  records().allowMore(ahead!.key, 3);
  expect(client.claims().get(of.counter)).toBe(5);
  client.ask({ of: ahead!, need: 1, takesRest: false }, 1, NOW.nowMs);
  expect(client.claims().get(of.counter)).toBe(3);
});

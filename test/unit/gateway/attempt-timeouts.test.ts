import { describe, expect, test } from 'bun:test';
import { type Cut, Leash, type LeashLimits, outcomeOfCut } from '../../../src/gateway/attempt-timeouts.ts';
import type { Outcome } from '../../../src/routing/outcome.ts';
import { FakeClock } from './fake-clock.ts';

const LIMITS: LeashLimits = { firstByteMs: 1_000, thinkingMs: 5_000, idleMs: 500, attemptMs: Infinity };

function scene({ budgetMs = Infinity, ...limits }: Partial<LeashLimits & { budgetMs: number }> = {}): {
  clock: FakeClock;
  client: AbortController;
  leash: Leash;
} {
  const clock = new FakeClock();
  const client = new AbortController();
  return {
    clock,
    client,
    leash: new Leash(client.signal, clock, { limits: { ...LIMITS, ...limits }, budgetMs }),
  };
}

test('a leash that was released sets no alarm any more, whatever it is told', () => {
  const { clock, leash } = scene({ budgetMs: 9_000 });
  leash.release();
  leash.answered();
  leash.linger(1_000);
  expect(clock.pending).toBe(0);
});

describe('an attempt is called off', () => {
  test('when the client leaves', () => {
    const { client, leash } = scene();
    expect(leash.isCalledOff).toBe(false);
    client.abort();
    expect([leash.cause, leash.isCalledOff]).toEqual(['client-left', true]);
  });

  test('at once, when the client had left before', () => {
    const client = new AbortController();
    client.abort();
    const leash = new Leash(client.signal, new FakeClock(), { limits: LIMITS, budgetMs: Infinity });
    expect([leash.cause, leash.isCalledOff]).toEqual(['client-left', true]);
  });

  test('when the first byte is late, and not a moment before', () => {
    const { clock, leash } = scene();
    clock.pass(999);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect([leash.cause, leash.isCalledOff]).toEqual(['first-byte', true]);
  });

  test('when the provider falls silent between two chunks', () => {
    const { clock, leash } = scene();
    leash.answered();
    leash.reading();
    clock.pass(499);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect([leash.cause, leash.isCalledOff]).toEqual(['idle', true]);
  });

  test('when its own limit or that of the request is over, whichever comes first, streaming or not', () => {
    for (const { cause, ...limits } of [
      { attemptMs: 3_000, budgetMs: 9_000, cause: 'attempt' as const },
      { attemptMs: 9_000, budgetMs: 3_000, cause: 'deadline' as const },
    ]) {
      const { clock, leash } = scene({ ...limits, firstByteMs: Infinity, idleMs: Infinity });
      clock.pass(1_500);
      leash.answered();
      clock.pass(1_499);
      expect(leash.cause).toBeUndefined();
      clock.pass(1);
      expect(leash.cause).toBe(cause);
    }
  });

  test('when no connection came about', () => {
    const { leash } = scene();
    leash.cut('connect');
    expect([leash.cause, leash.isCalledOff]).toEqual(['connect', true]);
  });

  test('once: the first cause counts', () => {
    const { clock, client, leash } = scene();
    clock.pass(1_000);
    client.abort();
    leash.cut('idle');
    expect(leash.cause).toBe('first-byte');
  });
});

describe('an attempt goes on', () => {
  test('past the limit of the first byte, once it has answered', () => {
    const { clock, leash } = scene();
    clock.pass(900);
    leash.answered();
    clock.pass(60_000);
    expect(leash.cause).toBeUndefined();
  });

  test('while chunks come, each within the limit', () => {
    const { clock, leash } = scene();
    leash.answered();
    for (let n = 0; n < 50; n++) {
      leash.reading();
      clock.pass(499);
      leash.arrived();
    }
    expect(leash.cause).toBeUndefined();
    leash.reading();
    clock.pass(500);
    expect(leash.cause).toBe('idle');
  });

  test('while a slow client does not ask for more: that is not the silence of the provider', () => {
    const { clock, leash } = scene();
    leash.answered();
    leash.reading();
    clock.pass(100);
    leash.arrived();
    clock.pass(3_600_000);
    expect(leash.cause).toBeUndefined();
    leash.reading();
    clock.pass(499);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect(leash.cause).toBe('idle');
  });

  test('for ever, without limits, and then no alarm is set', () => {
    const { clock, leash } = scene({ firstByteMs: Infinity, idleMs: Infinity });
    leash.answered();
    leash.reading();
    clock.pass(1e12);
    expect([leash.cause, clock.pending]).toEqual([undefined, 0]);
  });
});

test('after its last word a provider may linger for so long, though it is silent', () => {
  const { clock, leash } = scene({ idleMs: 60_000 });
  leash.answered();
  leash.linger(1_000);
  leash.reading();
  clock.pass(999);
  expect(leash.cause).toBeUndefined();
  clock.pass(1);
  expect(leash.cause).toBe('idle');
});

test('a released leash has no alarm left and does not mind the client', () => {
  for (const more of [
    (_: Leash) => undefined,
    (leash: Leash) => leash.answered(),
    (leash: Leash) => leash.linger(5),
  ]) {
    const { clock, client, leash } = scene({ attemptMs: 2_000 });
    more(leash);
    leash.release();
    expect(clock.pending).toBe(0);
    clock.pass(10_000);
    client.abort();
    expect([leash.cause, leash.isCalledOff]).toEqual([undefined, false]);
  }
});

describe('what a cause comes to:', () => {
  const outcomes: Record<Cut, Outcome> = {
    'client-left': { kind: 'cancelled' },
    connect: { kind: 'timed-out', phase: 'connect' },
    'first-byte': { kind: 'timed-out', phase: 'first-byte' },
    thinking: { kind: 'timed-out', phase: 'thinking' },
    idle: { kind: 'timed-out', phase: 'idle' },
    attempt: { kind: 'timed-out', phase: 'first-byte' },
    deadline: { kind: 'timed-out', phase: 'request' },
  };
  for (const [cut, outcome] of Object.entries(outcomes) as [Cut, Outcome][])
    test(cut, () => expect(outcomeOfCut(cut)).toEqual(outcome));
});

describe('a stream without content', () => {
  test('renews the limit of the first byte by each sign of life, up to the limit of thinking', () => {
    const { clock, leash } = scene();
    for (let n = 0; n < 5; n++) {
      clock.pass(900);
      expect(leash.cause).toBeUndefined();
      expect(leash.alive()).toBe(n === 0);
    }
    clock.pass(1_000);
    expect(leash.cause).toBe('first-byte');
  });

  test('is left for its silence after the last sign of life', () => {
    const { clock, leash } = scene();
    clock.pass(900);
    leash.alive();
    clock.pass(999);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect(leash.cause).toBe('first-byte');
  });

  test('may be silent once its model thinks, for as long as thinking may last', () => {
    const { clock, leash } = scene();
    leash.alive();
    leash.thinking();
    clock.pass(4_999);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect(leash.cause).toBe('thinking');
  });

  test('has a limit where the first byte has none', () => {
    const { clock, leash } = scene({ firstByteMs: Infinity });
    leash.alive();
    clock.pass(5_000);
    expect(leash.cause).toBe('thinking');
  });

  test('is no longer one with its first content: then silence is short again', () => {
    const { clock, leash } = scene();
    leash.alive();
    leash.thinking();
    leash.answered();
    leash.reading();
    clock.pass(500);
    expect(leash.cause).toBe('idle');
  });

  test('and between two pieces of content a model may think in silence too', () => {
    const { clock, leash } = scene();
    leash.answered();
    leash.reading();
    leash.thinking();
    clock.pass(4_999);
    expect(leash.cause).toBeUndefined();
    clock.pass(1);
    expect(leash.cause).toBe('thinking');
  });

  test('sets no alarm any more when it has ended', () => {
    const { clock, leash } = scene();
    leash.release();
    leash.alive();
    leash.thinking();
    expect(clock.pending).toBe(0);
  });
});

import { describe, expect, test } from 'bun:test';
import {
  type AbortCause,
  AttemptTimeouts,
  type AttemptLimits,
  outcomeOfAbort,
} from '../../../src/gateway/attempt-timeouts.ts';
import type { Outcome } from '../../../src/routing/outcome.ts';
import { FakeClock } from './fake-clock.ts';

const LIMITS: AttemptLimits = { firstByteMs: 1_000, thinkingMs: 5_000, idleMs: 500, attemptMs: Infinity };

function scene({ budgetMs = Infinity, ...limits }: Partial<AttemptLimits & { budgetMs: number }> = {}): {
  clock: FakeClock;
  client: AbortController;
  timeouts: AttemptTimeouts;
} {
  const clock = new FakeClock();
  const client = new AbortController();
  return {
    clock,
    client,
    timeouts: new AttemptTimeouts(client.signal, clock, { ...LIMITS, ...limits }, budgetMs),
  };
}

test('a timeouts that was released sets no setTimer any more, whatever it is told', () => {
  const { clock, timeouts } = scene({ budgetMs: 9_000 });
  timeouts.release();
  timeouts.answered();
  timeouts.closeGrace(1_000);
  expect(clock.pending).toBe(0);
});

describe('an attempt is called off', () => {
  test('when the client leaves', () => {
    const { client, timeouts } = scene();
    expect(timeouts.isCancelled).toBe(false);
    client.abort();
    expect([timeouts.cause, timeouts.isCancelled]).toEqual(['client-left', true]);
  });

  test('at once, when the client had left before', () => {
    const client = new AbortController();
    client.abort();
    const timeouts = new AttemptTimeouts(client.signal, new FakeClock(), LIMITS, Infinity);
    expect([timeouts.cause, timeouts.isCancelled]).toEqual(['client-left', true]);
  });

  test('when the first byte is late, and not a moment before', () => {
    const { clock, timeouts } = scene();
    clock.pass(999);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect([timeouts.cause, timeouts.isCancelled]).toEqual(['first-byte', true]);
  });

  test('when the provider falls silent between two chunks', () => {
    const { clock, timeouts } = scene();
    timeouts.answered();
    timeouts.reading();
    clock.pass(499);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect([timeouts.cause, timeouts.isCancelled]).toEqual(['idle', true]);
  });

  test('when its own limit or that of the request is over, whichever comes first, streaming or not', () => {
    for (const { cause, ...limits } of [
      { attemptMs: 3_000, budgetMs: 9_000, cause: 'attempt' as const },
      { attemptMs: 9_000, budgetMs: 3_000, cause: 'deadline' as const },
    ]) {
      const { clock, timeouts } = scene({ ...limits, firstByteMs: Infinity, idleMs: Infinity });
      clock.pass(1_500);
      timeouts.answered();
      clock.pass(1_499);
      expect(timeouts.cause).toBeUndefined();
      clock.pass(1);
      expect(timeouts.cause).toBe(cause);
    }
  });

  test('when no connection came about', () => {
    const { timeouts } = scene();
    timeouts.abort('connect');
    expect([timeouts.cause, timeouts.isCancelled]).toEqual(['connect', true]);
  });

  test('once: the first cause counts', () => {
    const { clock, client, timeouts } = scene();
    clock.pass(1_000);
    client.abort();
    timeouts.abort('idle');
    expect(timeouts.cause).toBe('first-byte');
  });
});

describe('an attempt goes on', () => {
  test('past the limit of the first byte, once it has answered', () => {
    const { clock, timeouts } = scene();
    clock.pass(900);
    timeouts.answered();
    clock.pass(60_000);
    expect(timeouts.cause).toBeUndefined();
  });

  test('while chunks come, each within the limit', () => {
    const { clock, timeouts } = scene();
    timeouts.answered();
    for (let n = 0; n < 50; n++) {
      timeouts.reading();
      clock.pass(499);
      timeouts.arrived();
    }
    expect(timeouts.cause).toBeUndefined();
    timeouts.reading();
    clock.pass(500);
    expect(timeouts.cause).toBe('idle');
  });

  test('while pieces pass, whose time only the checks note; a silence after them is noticed', () => {
    const { clock, timeouts } = scene();
    timeouts.answered();
    timeouts.reading();
    for (let n = 0; n < 50; n++) {
      clock.pass(499);
      timeouts.passed();
    }
    clock.pass(499);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1 + Math.ceil(500 / 16));
    expect(timeouts.cause).toBe('idle');
  });

  test('while a slow client does not ask for more: that is not the silence of the provider', () => {
    const { clock, timeouts } = scene();
    timeouts.answered();
    timeouts.reading();
    clock.pass(100);
    timeouts.arrived();
    clock.pass(3_600_000);
    expect(timeouts.cause).toBeUndefined();
    timeouts.reading();
    clock.pass(499);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect(timeouts.cause).toBe('idle');
  });

  test('for ever, without limits, and then no setTimer is set', () => {
    const { clock, timeouts } = scene({ firstByteMs: Infinity, idleMs: Infinity });
    timeouts.answered();
    timeouts.reading();
    clock.pass(1e12);
    expect([timeouts.cause, clock.pending]).toEqual([undefined, 0]);
  });
});

test('after its last word a provider may closeGrace for so long, though it is silent', () => {
  const { clock, timeouts } = scene({ idleMs: 60_000 });
  timeouts.answered();
  timeouts.closeGrace(1_000);
  timeouts.reading();
  clock.pass(999);
  expect(timeouts.cause).toBeUndefined();
  clock.pass(1);
  expect(timeouts.cause).toBe('idle');
});

test('a released timeouts has no setTimer left and does not mind the client', () => {
  for (const more of [
    (_: AttemptTimeouts) => undefined,
    (timeouts: AttemptTimeouts) => timeouts.answered(),
    (timeouts: AttemptTimeouts) => timeouts.closeGrace(5),
  ]) {
    const { clock, client, timeouts } = scene({ attemptMs: 2_000 });
    more(timeouts);
    timeouts.release();
    expect(clock.pending).toBe(0);
    clock.pass(10_000);
    client.abort();
    expect([timeouts.cause, timeouts.isCancelled]).toEqual([undefined, false]);
  }
});

describe('the result of each cause:', () => {
  const outcomes: Record<AbortCause, Outcome> = {
    'client-left': { kind: 'cancelled' },
    connect: { kind: 'timed-out', phase: 'connect' },
    'first-byte': { kind: 'timed-out', phase: 'first-byte' },
    thinking: { kind: 'timed-out', phase: 'thinking' },
    idle: { kind: 'timed-out', phase: 'idle' },
    attempt: { kind: 'timed-out', phase: 'first-byte' },
    deadline: { kind: 'timed-out', phase: 'request' },
  };
  for (const [cut, outcome] of Object.entries(outcomes) as [AbortCause, Outcome][])
    test(cut, () => expect(outcomeOfAbort(cut)).toEqual(outcome));
});

describe('a stream without content', () => {
  test('renews the limit of the first byte by each sign of life, up to the limit of thinking', () => {
    const { clock, timeouts } = scene();
    for (let n = 0; n < 5; n++) {
      clock.pass(900);
      expect(timeouts.cause).toBeUndefined();
      expect(timeouts.alive()).toBe(n === 0);
    }
    clock.pass(1_000);
    expect(timeouts.cause).toBe('first-byte');
  });

  test('is left for its silence after the last sign of life', () => {
    const { clock, timeouts } = scene();
    clock.pass(900);
    timeouts.alive();
    clock.pass(999);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect(timeouts.cause).toBe('first-byte');
  });

  test('may be silent once its model thinks, for as long as thinking may last', () => {
    const { clock, timeouts } = scene();
    timeouts.alive();
    timeouts.thinking();
    clock.pass(4_999);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect(timeouts.cause).toBe('thinking');
  });

  test('has a limit where the first byte has none', () => {
    const { clock, timeouts } = scene({ firstByteMs: Infinity });
    timeouts.alive();
    clock.pass(5_000);
    expect(timeouts.cause).toBe('thinking');
  });

  test('is no longer one with its first content: then silence is short again', () => {
    const { clock, timeouts } = scene();
    timeouts.alive();
    timeouts.thinking();
    timeouts.answered();
    timeouts.reading();
    clock.pass(500);
    expect(timeouts.cause).toBe('idle');
  });

  test('and between two pieces of content a model may think in silence too', () => {
    const { clock, timeouts } = scene();
    timeouts.answered();
    timeouts.reading();
    timeouts.thinking();
    clock.pass(4_999);
    expect(timeouts.cause).toBeUndefined();
    clock.pass(1);
    expect(timeouts.cause).toBe('thinking');
  });

  test('sets no setTimer any more when it has ended', () => {
    const { clock, timeouts } = scene();
    timeouts.release();
    timeouts.alive();
    timeouts.thinking();
    expect(clock.pending).toBe(0);
  });
});

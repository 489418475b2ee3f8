import { describe, expect, test } from 'bun:test';
import type { MasterKey } from '../../../src/config/snapshot.ts';
import { admit } from '../../../src/gateway/admit.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { BucketLedger } from '../../../src/limits/bucket.ts';
import { snapshotOf } from '../config/configuration.ts';
import { FakeClock } from './fake-clock.ts';

function keyOf(limit: string): MasterKey {
  const { access } = snapshotOf(`providers: [{ name: a, api_base: "http://127.0.0.1" }]
master_keys: [{ name: main, key: mk-main${limit} }]`);
  const [key] = access.kind === 'keys' ? [...access.keys.values()] : [];
  if (key === undefined) throw new Error('no key');
  return key;
}

function limited(ratePerSecond: number, burst?: number): MasterKey {
  const size = burst === undefined ? '' : `, burst_size: ${burst}`;
  return keyOf(`, rate_limit: { requests_per_second: ${ratePerSecond}${size} }`);
}

function door(): {
  clock: FakeClock;
  enter: (key: MasterKey | undefined) => Readonly<Record<string, string>>;
} {
  const clock = new FakeClock();
  const buckets = new BucketLedger();
  return {
    clock,
    enter(key) {
      const admission = admit(key, { buckets, clock });
      if (admission instanceof Promise) throw new Error('a bucket in memory answers at once');
      return admission.headers;
    },
  };
}

function refusalOf(enter: () => unknown): Refusal {
  try {
    enter();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was admitted');
}

test('nobody and a key without a limit come in, and hear nothing of limits', () => {
  const { enter } = door();
  for (let n = 0; n < 1_000; n++) expect([enter(undefined), enter(keyOf(''))]).toEqual([{}, {}]);
});

test("an admitted client learns the bucket's size, its rest, and when it is full again", () => {
  const { clock, enter } = door();
  const key = limited(2, 3);
  expect(enter(key)).toEqual({
    'x-ratelimit-limit-requests': '3',
    'x-ratelimit-remaining-requests': '2',
    'x-ratelimit-reset-requests': '0.5s',
  });
  clock.pass(250);
  expect(enter(key)).toMatchObject({
    'x-ratelimit-remaining-requests': '1',
    'x-ratelimit-reset-requests': '0.75s',
  });
});

describe('a refused client', () => {
  test('learns the limit, the wait in whole seconds, and the remaining requests', () => {
    const { enter } = door();
    const key = limited(0.25, 1);
    enter(key);
    const refusal = refusalOf(() => enter(key));
    expect([refusal.code, refusal.status]).toEqual(['rate_limit_exceeded', 429]);
    expect(refusal.headers).toEqual({
      'retry-after': '4',
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '4s',
    });
    expect(refusal.message).toBe(
      'The key "main" is over its limit of 0.25 requests a second with bursts of 1. Try again in 4 s.',
    );
  });

  test('is never told to come back at once', () => {
    const { enter } = door();
    const key = limited(1_000, 1);
    enter(key);
    expect(refusalOf(() => enter(key)).headers['retry-after']).toBe('1');
  });

  test('is admitted after the wait that it learned', () => {
    const { clock, enter } = door();
    const key = limited(0.3, 1);
    enter(key);
    clock.pass(Number(refusalOf(() => enter(key)).headers['retry-after']) * 1000);
    enter(key);
  });

  test('with a limit of 0 learns that waiting does not help', () => {
    const refusal = refusalOf(() => door().enter(limited(0, 0)));
    expect(refusal.status).toBe(429);
    expect(refusal.headers['retry-after']).toBe('3600');
    expect(refusal.headers['x-ratelimit-limit-requests']).toBe('0');
    expect(refusal.message).toContain('admits no request');
  });
});

test('without a burst size the bucket holds one second of requests, and at least one', () => {
  expect(door().enter(limited(20))).toMatchObject({ 'x-ratelimit-limit-requests': '20' });
  expect(door().enter(limited(0.1))).toMatchObject({ 'x-ratelimit-limit-requests': '1' });
});

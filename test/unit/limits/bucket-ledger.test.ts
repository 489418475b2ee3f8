import { expect, test } from 'bun:test';
import { BucketLedger } from '../../../src/limits/bucket.ts';

const LIMIT = { ratePerSecond: 1, burst: 2 };

test('each key has a bucket of its own', () => {
  const ledger = new BucketLedger();
  const admitted = ['a', 'a', 'a', 'b'].map((key) => ledger.take(key, LIMIT, 1_000).admitted);
  expect(admitted).toEqual([true, true, false, true]);
});

test('a refused request takes nothing out', () => {
  const ledger = new BucketLedger();
  for (let n = 0; n < 50; n++) ledger.take('a', LIMIT, 1_000);
  expect(ledger.take('a', LIMIT, 2_000).admitted).toBe(true);
});

test('forgetting the full buckets gives nobody a token more', () => {
  const swept = new BucketLedger();
  const plain = new BucketLedger();
  for (let nowMs = 1_000; nowMs < 20_000; nowMs += 370) {
    swept.sweep(nowMs);
    expect(swept.take('a', LIMIT, nowMs)).toEqual(plain.take('a', LIMIT, nowMs));
  }
});

test('a limit that changes holds at once', () => {
  const ledger = new BucketLedger();
  ledger.take('a', LIMIT, 1_000);
  ledger.take('a', LIMIT, 1_000);
  expect(ledger.take('a', LIMIT, 1_000).admitted).toBe(false);
  expect(ledger.take('a', { ratePerSecond: 1, burst: 5 }, 1_000).admitted).toBe(true);
  expect(ledger.take('a', { ratePerSecond: 0, burst: 0 }, 1_000).admitted).toBe(false);
});

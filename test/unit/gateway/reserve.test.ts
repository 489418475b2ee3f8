import { expect, test } from 'bun:test';
import { reserve } from '../../../src/gateway/reserve.ts';
import type { Demand, RequestLimit } from '../../../src/gateway/ports.ts';
import { type Actual, type Admission, FREE_ADMISSION } from '../../../src/limits/admission.ts';

const DEMAND: Demand = { key: undefined, model: 'smart', body: new Uint8Array(3) };
const USED: Actual = { wasServed: true, inputTokens: 5, outputTokens: 7 };

/** A limit that admits at once, or `later`, and records what each reservation settles. */
function limitOf(name: string, settled: [string, Actual][], isLater = false): RequestLimit {
  const admission: Admission = {
    headers: { [`x-${name}`]: '1' },
    settle: (actual) => settled.push([name, actual]),
  };
  return { reserve: () => (isLater ? Promise.resolve(admission) : admission) };
}

const refusing: RequestLimit = {
  reserve() {
    throw new Error('no tokens left');
  },
};

test('without a limit the admission stays what it is, at once', () => {
  expect(reserve(FREE_ADMISSION, DEMAND, { limits: [] })).toBe(FREE_ADMISSION);
});

test('admissions of all limits are reported and settled together, whether a limit answers at once or later', async () => {
  const settled: [string, Actual][] = [];
  const limits = [limitOf('a', settled), limitOf('b', settled, true)];
  const held = await reserve(FREE_ADMISSION, DEMAND, { limits });
  expect(held.headers).toEqual({ 'x-a': '1', 'x-b': '1' });
  held.settle(USED);
  expect(settled).toEqual([
    ['a', USED],
    ['b', USED],
  ]);
});

test('a limit that refuses gives back what the others reserved', async () => {
  const settled: [string, Actual][] = [];
  const limits = [limitOf('a', settled), refusing, limitOf('c', settled)];
  const refused = await Promise.resolve(reserve(FREE_ADMISSION, DEMAND, { limits })).catch(String);
  expect(refused).toContain('no tokens left');
  expect(settled).toEqual([['a', { wasServed: false, inputTokens: 0, outputTokens: 0 }]]);
});

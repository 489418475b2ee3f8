import { beforeAll, expect, test } from 'bun:test';
import { storeLanguage } from '../../../console/src/lib/language.ts';
import { changeOf, money, moneyMark, roundMarks } from '../../../console/src/lib/format.ts';

beforeAll(() => storeLanguage('en'));

test('small amounts have three digits, so that a column of them is even, and large ones no cents', () => {
  expect(
    [0.00021, 0.000213, 0.0115, 0.019, 0.189, 0.5, 0, 1.5, 4026.03, 12_345.67, 8_000_000].map(money),
  ).toEqual([
    '$0.000210',
    '$0.000213',
    '$0.0115',
    '$0.0190',
    '$0.1890',
    '$0.50',
    '$0.00',
    '$1.50',
    '$4,026.03',
    '$12,346',
    '$8M',
  ]);
});

test('a change is a percentage up to tenfold', () => {
  const changes = [
    changeOf(112, 100),
    changeOf(50, 100),
    changeOf(1000, 100),
    changeOf(1001, 100),
    changeOf(1, 0),
  ];
  expect(changes).toEqual(['+12%', '−50%', '+900%', '>10×', undefined]);
});

test('the marks of an axis have as many decimals as their step', () => {
  const marks = (step: number): string[] => [0, 1, 2, 5].map((at) => moneyMark(at * step, step));
  expect(marks(0.002)).toEqual(['$0', '$0.002', '$0.004', '$0.010']);
  expect(marks(0.025)).toEqual(['$0', '$0.025', '$0.050', '$0.125']);
  expect(marks(0.5)).toEqual(['$0', '$0.50', '$1.00', '$2.50']);
  expect(marks(5000)).toEqual(['$0', '$5K', '$10K', '$25K']);
});

test('the marks over a request are round and few', () => {
  expect(roundMarks(640)).toEqual([0, 200, 400, 600]);
  expect(roundMarks(1)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  for (const most of [1, 2, 3, 7, 9, 45, 99, 345, 1000, 61_234]) {
    const marks = roundMarks(most);
    expect(marks.length).toBeWithin(3, 7);
    expect(marks.at(-1)).toBeLessThanOrEqual(most + 1e-9);
  }
});

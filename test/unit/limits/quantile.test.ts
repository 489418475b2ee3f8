import { expect, test } from 'bun:test';
import { noteValue, QUANTILE_FIELDS, quantileOf, type QuantileRecord } from '../../../src/limits/quantile.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';

function emptyRecord(): QuantileRecord {
  return Object.fromEntries(QUANTILE_FIELDS.map((field) => [field, 0])) as QuantileRecord;
}

/** Lognormal values, as lengths of answers are. */
function lengths(count: number, seed: number): number[] {
  const dice = seededDice(seed);
  return Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(dice() || 1e-9)) * Math.cos(2 * Math.PI * dice());
    return Math.round(Math.exp(6 + normal));
  });
}

test('the estimate is near the 95th percentile of the values', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const record = emptyRecord();
    const values = lengths(500, seed);
    for (const value of values) noteValue(record, value);
    const estimate = quantileOf(record, 20) ?? 0;
    const below = values.filter((value) => value <= estimate).length / values.length;
    expect(below).toBeGreaterThan(0.91);
    expect(below).toBeLessThan(0.985);
  }
});

test('too few values give no estimate, and equal ones give themselves', () => {
  const record = emptyRecord();
  for (let count = 0; count < 19; count++) noteValue(record, 7);
  expect(quantileOf(record, 20)).toBeUndefined();
  noteValue(record, 7);
  expect(quantileOf(record, 20)).toBe(7);
});

test('a change of the values is learned within two turns', () => {
  const record = emptyRecord();
  for (let count = 0; count < 2_000; count++) noteValue(record, 5_000);
  for (let count = 0; count < 1_024; count++) noteValue(record, 100);
  expect(quantileOf(record, 20)).toBe(100);
});

test('every value from 0 on leaves the record finite', () => {
  const record = emptyRecord();
  for (const value of [0, 0, 1e9, 0, 3, 0, 0, 1e9, 5, ...lengths(1_000, 3)]) noteValue(record, value);
  expect(Object.values(record).every((number) => Number.isFinite(number))).toBe(true);
});

import { expect, test } from 'bun:test';
import { assert, double, property } from 'fast-check';
import { hundredthsText, thousandthsText } from '../../../src/lib/decimal-text.ts';

test('zeros are kept between the point and the digits', () => {
  expect([0, 0.004, 0.005, 0.05, 0.5, 1, 9.999].map(hundredthsText)).toEqual(
    '0.00 0.00 0.01 0.05 0.50 1.00 10.00'.split(' '),
  );
  expect([0, 0.0004, 0.001, 0.012, 0.5, 1, 9.9999].map(thousandthsText)).toEqual(
    '0 0 0.001 0.012 0.500 1 10'.split(' '),
  );
});

test('a number is rounded to its decimals', () => {
  assert(
    property(double({ min: 0, max: 1e9, noNaN: true }), (value) => {
      expect(hundredthsText(value)).toMatch(/^\d+\.\d{2}$/);
      expect(Math.abs(Number(hundredthsText(value)) - value)).toBeLessThan(0.00501);
      expect(thousandthsText(value)).toMatch(/^\d+(?:\.\d{3})?$/);
      expect(Math.abs(Number(thousandthsText(value)) - value)).toBeLessThan(0.000501);
    }),
  );
});

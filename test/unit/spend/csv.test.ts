import { expect, test } from 'bun:test';
import { csvLine } from '../../../src/spend/report/csv.ts';

test('no text is a formula, whatever separator and width of letters a spreadsheet expects; numbers stay numbers', () => {
  const cells = [
    '=1',
    '+1',
    '-1',
    '@a',
    '\t=1',
    '\r=1',
    '\n=1',
    '\uff1d1',
    '\uff20a',
    'a;=1',
    'a\t=1',
    'a "b", c',
    'a=1',
  ];
  expect(cells.map((cell) => csvLine([cell]).slice(0, -2))).toEqual([
    "'=1",
    "'+1",
    "'-1",
    "'@a",
    '"\'\t=1"',
    '"\'\r=1"',
    '"\'\n=1"',
    "'\uff1d1",
    "'\uff20a",
    '"a;=1"',
    '"a\t=1"',
    '"a ""b"", c"',
    'a=1',
  ]);
  expect(csvLine([{ number: '-0.000000001' }, null, ''])).toBe('-0.000000001,,\r\n');
});

import { expect, test } from 'bun:test';
import { NOT_ONE_CHUNK, startOfOnlyChunk } from '../../../src/http1/only-chunk.ts';

const start = (text: string): number => startOfOnlyChunk(Buffer.from(text, 'latin1'));

test('the data of a chunk that came alone and whole begins after its size', () => {
  expect(start('3\r\nabc\r\n')).toBe(3);
  expect(start(`1a\r\n${'x'.repeat(26)}\r\n`)).toBe(4);
  expect(start(`ABC\r\n${'\r\n'.repeat(0xabc / 2)}\r\n`)).toBe(5);
});

test.each([
  ['nothing', ''],
  ['the last chunk', '0\r\n\r\n'],
  ['a chunk and a byte', '3\r\nabc\r\n1'],
  ['two chunks', '3\r\nabc\r\n3\r\nabc\r\n'],
  ['a part of a chunk', '3\r\nabc\r'],
  ['a longer chunk', '2\r\nabc\r\n'],
  ['the end of a chunk', '\r\n'],
  ['an extension', '3;a=b\r\nabc\r\n'],
  ['a space after the size', '3 \r\nabc\r\n'],
  ['a sign', '+3\r\nabc\r\n'],
  ['a leading zero', '03\r\nabc\r\n'],
  ['a line that ends in LF alone', '3\nabc\r\n'],
  ['a chunk that ends in LF LF', '3\r\nabc\n\n'],
  ['a size of too many digits', `1000000\r\n${'x'.repeat(30)}\r\n`],
  ['no size', 'data: x\r\n'],
])('%s is not a chunk alone', (_, text) => {
  expect(start(text)).toBe(NOT_ONE_CHUNK);
});

import { describe, expect, test } from 'bun:test';
import { countCharacters, hasValue, hasWord, markOf, occurs } from '../../../src/lib/json/json-marks.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const usage = (text: string): boolean => hasValue(bytesOf(text), markOf('"usage"'));

test('a key has a value unless it is null', () => {
  expect(usage('{"usage":null}')).toBe(false);
  expect(usage('{"usage" :\n null}')).toBe(false);
  expect(usage('{"usage":{"a":1}}')).toBe(true);
  expect(usage('{"usage" : {"a":1}}')).toBe(true);
  expect(usage('{"usage":null}\n{"usage":1}')).toBe(true);
  expect(usage('{"usage":')).toBe(false);
  expect(usage('{}')).toBe(false);
});

test('text in a string is never taken for a key', () => {
  expect(usage(JSON.stringify({ content: '{"usage":{"a":1}}' }))).toBe(false);
  expect(usage(JSON.stringify({ content: JSON.stringify({ content: '"usage":1' }) }))).toBe(false);
  expect(usage('{"type":"usage","x":["usage"]}')).toBe(false);
});

test('a word is there as a value, or as a key of one', () => {
  const error = (text: string): boolean => hasWord(bytesOf(text), markOf('"error"'));
  expect(error('{"type":"error"}')).toBe(true);
  expect(error('{"error":null,"error" : {}}')).toBe(true);
  expect(error(String.raw`{"error": null,"x":"an \"error\""}`)).toBe(false);
});

test('a mark is found in a view on a larger buffer, and only there', () => {
  const view = bytesOf('[DONE]data: [DON').subarray(6);
  expect(occurs(view, markOf('[DONE]'))).toBe(false);
  expect(occurs(view, markOf('[DON'))).toBe(true);
});

describe('characters', () => {
  const count = (json: string): number => countCharacters(bytesOf(json), markOf('"content"'));

  test.each([
    ['hello', 5],
    ['今天好', 3],
    ['é😀', 2],
    ['a"b\\c\n\u0007', 7],
    ['', 0],
    [null, 0],
  ])('of %j are %d', (content, expected) => {
    expect(count(JSON.stringify({ content }))).toBe(expected);
  });

  test('are those of all values of the key, cut off ones too', () => {
    expect(count('{"content": "ab"}\n{"content":"c"}')).toBe(3);
    expect(count(String.raw`{"content":"\u4eca\n"}`)).toBe(2);
    expect(count('{"content":"cut')).toBe(3);
  });
});

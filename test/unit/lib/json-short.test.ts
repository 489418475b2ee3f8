import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { shortenStrings } from '../../../src/lib/json/json-short.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const short = (value: unknown): unknown =>
  JSON.parse(textOf(shortenStrings(bytesOf(JSON.stringify(value))) ?? new Uint8Array()));

describe('JSON with its long strings shortened', () => {
  test('has a word in the place of each, and all else as it was', () => {
    const image = 'iVBORw0KGgo'.repeat(1_000);
    expect(short({ a: 'b', url: image, list: [1, null, image, { c: '' }] })).toEqual({
      a: 'b',
      url: 'long',
      list: [1, null, 'long', { c: '' }],
    });
  });

  test('is the same object where no string is long', () => {
    const json = bytesOf('{"a":"b","c":[1,2,"\\""]}');
    expect(shortenStrings(json)).toBe(json);
  });

  test('is left alone where a string does not end: it is no JSON', () => {
    const cut = bytesOf(`{"a":"${'x'.repeat(5_000)}","b":"${'y'.repeat(5_000)}`);
    expect(shortenStrings(cut)).toBe(cut);
  });

  test('means the same for any value, but for its long strings', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.string({
        unit: fc.constantFrom('"', '\\', '{', 'é', '😀', '\n', 'x'),
        minLength: 900,
        maxLength: 1_400,
      }),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        text,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'usage', 'é'), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (original) => {
        expect(short(original)).toEqual(replaced(original));
      }),
      { numRuns: 500 },
    );
  });
});

/** The same change, made to the parsed value. */
function replaced(value: unknown): unknown {
  if (typeof value === 'string') return bytesOf(JSON.stringify(value)).length > 1_024 ? 'long' : value;
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner)]));
}

test('JSON of which too much would be left is not shortened', () => {
  const long = JSON.stringify({ a: 'x'.repeat(100_000), b: [1, 2, 3] });
  expect(textOf(shortenStrings(bytesOf(long), 100) ?? new Uint8Array())).toBe('{"a":"long","b":[1,2,3]}');
  for (const json of [
    `[${'1,'.repeat(1_000)}1]`,
    `[${'"a",'.repeat(1_000)}1]`,
    `{"a":"${'x'.repeat(2_000)}`,
  ]) {
    expect(shortenStrings(bytesOf(json), 100)).toBeUndefined();
  }
});

import { describe, expect, test } from 'bun:test';
import { markOf } from '../../../src/lib/json/json-marks.ts';
import { textUnderKeys } from '../../../src/lib/json/json-text.ts';

const KEYS = ['"content"', '"text"'].map(markOf);
const read = (json: string) => textUnderKeys(new TextEncoder().encode(json), KEYS);

describe('the text under keys', () => {
  test('is that of all their strings, key by key', () => {
    const json = JSON.stringify({
      content: 'a"b\n',
      x: 'no',
      y: [{ text: '今天' }, { content: 'c', text: null }],
    });
    expect(read(json)).toEqual({ sample: 'a"b\nc今天', chars: 7 });
    expect(read('{}')).toEqual({ sample: '', chars: 0 });
  });

  test('is as much as is there where a string does not end', () => {
    expect(read('{"content":"ab","content":"cd').chars).toBe(4);
  });

  test('is known from its beginning where it is long', () => {
    for (const filling of ['abcde ', '今天\\n', '\\u4eca', '"'.replace('"', '\\"')]) {
      const text = JSON.parse(`"${filling.repeat(100_000)}"`) as string;
      const { sample, chars } = read(`{"content":"${filling.repeat(100_000)}"}`);
      expect(text.startsWith(sample)).toBe(true);
      expect(sample.length).toBeGreaterThan(10_000);
      expect(Math.abs(chars / text.length - 1)).toBeLessThan(0.02);
    }
  });

  test('is counted in part where the strings of a key are large', () => {
    const [text, content] = ['"b\\n"'.repeat(8_000), '今天'.repeat(8_000)];
    const json = JSON.stringify(Array.from({ length: 100 }, () => ({ content, text })));
    expect(Math.abs(read(json).chars / (100 * (text.length + content.length)) - 1)).toBeLessThan(0.001);
  });

  test('is reckoned from the first of a great many strings', () => {
    const { sample, chars } = read(`[${'{"content":"a"},'.repeat(500_000)}1]`);
    expect(sample).toBe('a'.repeat(sample.length));
    expect(Math.abs(chars / 500_000 - 1)).toBeLessThan(0.02);
  });
});

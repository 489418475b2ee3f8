import { expect, test } from 'bun:test';
import { rememberLast } from '../../../src/lib/remember-last.ts';

test('computes again only for another text', () => {
  const computed: string[] = [];
  const length = rememberLast((text) => {
    computed.push(text);
    return text.length;
  });
  expect(['ab', 'ab', 'abc', 'ab', ''].map(length)).toEqual([2, 2, 3, 2, 0]);
  expect(computed).toEqual(['ab', 'abc', 'ab', '']);
});

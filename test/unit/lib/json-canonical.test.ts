import { expect, test } from 'bun:test';
import { canonicalJson } from '../../../src/lib/json/json-canonical.ts';

const canonical = (text: string): string | undefined => {
  const written = canonicalJson(new TextEncoder().encode(text));
  return written === undefined ? undefined : Buffer.from(written, 'latin1').toString();
};

test.each([
  [' { "b" : 1 , "a" : [ true , null, "x" ] } ', '{"a":[true,null,"x"],"b":1}'],
  ['{"a":{"d":1,"c":{}},"A":[]}', '{"A":[],"a":{"c":{},"d":1}}'],
  ['[1, 1.0, 1e2, -0]', '[1,1.0,1e2,-0]'],
  [String.raw`{"a":"\u00e9\\","b":"\"}"}`, String.raw`{"a":"\u00e9\\","b":"\"}"}`],
  ['{"ü":"日本"}', '{"ü":"日本"}'],
])('%p', (text, written) => {
  expect(canonical(text)).toBe(written);
});

test('a repeated member keeps its order', () => {
  expect(canonical('{"a":1,"a":2}')).not.toBe(canonical('{"a":2,"a":1}'));
});

test.each(['', '{', '{"a"}', '{"a":1,}', '[1 2]', '"x', String.raw`"x\"`, '{} {}', '01', 'nul', '{a:1}'])(
  '%p is not JSON',
  (text) => {
    expect(canonical(text)).toBeUndefined();
  },
);

test('deep nesting has no canonical form, and does not overflow', () => {
  expect(canonical(`${'['.repeat(50)}${']'.repeat(50)}`)).toBeDefined();
  expect(canonical('['.repeat(100_000))).toBeUndefined();
});

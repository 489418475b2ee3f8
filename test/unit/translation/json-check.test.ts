import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { cutObjects } from '../../../src/translation/cut-objects.ts';
import { HeldArguments } from '../../../src/translation/held-arguments.ts';
import { LargeTexts, wholePiece } from '../../../src/translation/held-text.ts';
import { JsonCheck } from '../../../src/translation/json-check.ts';
import { isJsonObjectText, type RawJson } from '../../../src/translation/json.ts';
import { createLossList } from '../../../src/translation/losses.ts';
import { argumentsObject } from '../../../src/translation/write-common.ts';

/** The text in pieces of this many characters. */
function piecesOf(text: string, chars: number): string[] {
  return Array.from({ length: Math.ceil(text.length / chars) }, (_, at) =>
    text.slice(at * chars, (at + 1) * chars),
  );
}

function isObject(text: string, chars = 3): boolean {
  const check = new JsonCheck();
  for (const piece of piecesOf(text, chars)) check.push(piece);
  return check.isObject();
}

const JSON_TEXTS = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(0, 1, '\t'))
  .map(([value, space]) => JSON.stringify(value, null, space));

/** Text near JSON, as cut or careless models write it. */
const MENDED = fc
  .tuple(
    JSON_TEXTS,
    fc.nat(),
    fc.nat({ max: 2 }),
    fc.constantFrom(...'{}[],:"\\ \n\t\0u0123-+.eEtfn/'.split('')),
  )
  .map(([text, at, cut, more]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + more + text.slice(place + cut);
  });

const LIKE_NUMBERS = fc
  .string({ unit: fc.constantFrom(...'0123.-+eE '.split('')), maxLength: 8 })
  .map((text) => `{"a":${text},"b":[${text}]}`);

test('arguments that arrive in pieces are judged like JSON.parse does', () => {
  const texts = fc.oneof(
    JSON_TEXTS,
    MENDED,
    LIKE_NUMBERS,
    fc.jsonValue().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 20 }), (text, chars) => {
      expect([text, isObject(text, chars)]).toEqual([text, isJsonObjectText(text)]);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['{"a":1}', true],
  [' \r\n\t{} ', true],
  ['{"a":"\\u00e9\\n","b":[true,false,null,-0.5e+7,[]],"c":{}}', true],
  ['', false],
  ['[]', false],
  ['{"a":1}}', false],
  ['{"a":1}{', false],
  ['{"a":1],', false],
  ['{"a":[1}]', false],
  ['{"a":"\n"}', false],
  ['{"a":"\\x"}', false],
  ['{"a":"\\u00g0"}', false],
  ['{"a":tru}', false],
  ['{"a":truee}', false],
  ['{"a":01}', false],
  ['{"a":1.}', false],
  ['{"a":-}', false],
  ['{"a":1e}', false],
  ['{"a":1,}', false],
  ['{a:1}', false],
  ['\u00a0{}', false],
])('%p is an object: %p', (text, is) => {
  expect([isObject(text, 1), isJsonObjectText(text)]).toEqual([is, is]);
});

test('nesting is bounded', () => {
  const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect([isObject(nested(9_999), 100), isObject(nested(10_000), 100)]).toEqual([true, false]);
});

test.each([
  ['an object', ` {"a":"${'é'.repeat(300_000)}"}\n`, 'function'],
  ['no object', `["${'é'.repeat(300_000)}"]`, 'function'],
  ['white space', ' '.repeat(300_000), 'function'],
  ['an input', `{"a":"${'é'.repeat(300_000)}"}`, 'freeform'],
  ['short', '{"a":1}', 'function'],
] as const)('arguments in pieces are written like whole ones: %s', (_what, text, form) => {
  const held = new HeldArguments();
  for (const piece of piecesOf(text, 10_000)) held.add(piece);
  const [losses, texts] = [createLossList(), new LargeTexts(false)];
  const whole = argumentsObject({ form, arguments: text }, 'tool_calls', createLossList());
  const written = (json: RawJson): string =>
    new TextDecoder().decode(wholePiece(texts.encoded(`{"args":${json.text}}`)));
  const shown = held.object({ form }, losses, texts);
  expect(written(shown)).toBe(written(whole));
  expect(losses.count()).toBe(text.startsWith('[') ? 1 : 0);
});

/** The text without the objects under `args`, and with them put back. */
function cut(
  text: string,
): { readonly rest: string; readonly joined: string; readonly pauses: number } | undefined {
  const cutting = cutObjects(text, 'args');
  let pauses = 0;
  let next = cutting.next();
  for (; next.done !== true; next = cutting.next()) pauses += 1;
  if (next.value === undefined) return undefined;
  const { text: rest, objects } = next.value;
  let joined = rest;
  for (const [instead, object] of objects) joined = joined.replace(instead, () => object);
  return { rest, joined, pauses };
}

test('objects under a key are cut out of JSON, and only these', () => {
  const text = ' {"a":"\\"args\\":{","args" : {"args":{"b":[1]}} ,"b":[{"args":[{}]},{"args":{}},"args"]}';
  expect(cut(text)).toEqual({
    rest: ' {"a":"\\"args\\":{","args" : {"":0} ,"b":[{"args":[{}]},{"args":{"":1}},"args"]}',
    joined: text,
    pauses: 0,
  });
  expect(cut('["args",{"a":1}]')?.rest).toBe('["args",{"a":1}]');
  for (const malformed of ['{"args":{"a":01}}', '{"args":{"a":1', '{"args":{]}'])
    expect(cut(malformed)).toBeUndefined();
  const large = `{"args":{"a":[${'{"b":1},'.repeat(100_000)}1]},"c":2}`;
  const { rest, joined, pauses } = cut(large) ?? {};
  expect([rest, joined === large]).toEqual(['{"args":{"":0},"c":2}', true]);
  expect(pauses).toBeGreaterThan(3);
});

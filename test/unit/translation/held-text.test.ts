import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  HeldText,
  LargeTexts,
  SlicedText,
  type StreamPiece,
  wholePiece,
} from '../../../src/translation/held-text.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textOf = (piece: StreamPiece): string => decoder.decode(wholePiece(piece));

test('a text that arrives in any pieces is the same JSON, in an event and in its slices', () => {
  const piece = fc.oneof(
    fc.string({ minLength: 1, unit: 'binary' }),
    fc.constantFrom(
      '\ud83d',
      '\ude00',
      '😀',
      '\0',
      '"',
      '\\',
      '\u2028',
      'x'.repeat(20_000),
      'é你'.repeat(70_000),
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(piece, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
      (all) => {
        const texts = new LargeTexts();
        const written = all.map((pieces) => {
          const held = new HeldText();
          const deltas = pieces.map((each) => held.add(each));
          return { json: `"${deltas.map((delta) => delta.slice(1, -1)).join('')}"`, held: held.whole(texts) };
        });
        const event = (values: readonly string[]): string =>
          `data: {"all":[${values.join()}],"one":${values[0]}}\n\n`;
        const encoded = texts.encoded(event(written.map(({ held }) => held.text)));
        const expected = event(written.map(({ json }) => json));
        expect(textOf(encoded)).toBe(expected);
        if (encoded instanceof SlicedText)
          expect(Array.from(encoded, (slice) => decoder.decode(slice)).join('')).toBe(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('a large event is encoded in slices of bounded size, and a small one at once', () => {
  const texts = new LargeTexts();
  const held = new HeldText();
  for (let count = 0; count < 500_000; count++) held.add('0123456789');
  const { text } = held.whole(texts);
  expect(text.length).toBeLessThan(20);
  const event = texts.encoded(`data: {"a":${text},"b":${text}}\n\n`);
  if (!(event instanceof SlicedText)) throw new Error('not sliced');
  const sizes = Array.from(event, ({ byteLength }) => byteLength);
  expect(Math.max(...sizes)).toBeLessThan(300_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000_000 + 'data: {"a":"","b":""}\n\n'.length);
  expect(texts.encoded('data: {}\n\n')).toBeInstanceOf(Uint8Array);
});

test('a text that no later event repeats is released with its event', () => {
  for (const areRepeated of [true, false]) {
    const texts = new LargeTexts(areRepeated);
    const mark = texts.markFor(['a']);
    expect(textOf(texts.encoded(`[${mark}]`))).toBe('[a]');
    expect(textOf(texts.encoded(`[${texts.markFor(['b'])}]`))).toBe('[b]');
    expect(texts.markFor(['c']) === mark).toBe(!areRepeated);
  }
});

import { afterEach, describe, expect, test } from 'bun:test';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { piecesOf } from '../../../src/usage/text-pieces.ts';
import { ThreadedTokenCounter } from '../../../src/usage/token-counter.ts';
import { cpuMs } from '../cpu-time.ts';

const SIZE = 32_768;
const filled = (text: string, size = SIZE): string =>
  text.repeat(Math.ceil(size / text.length)).slice(0, size);
const prose = 'The quick brown fox jumps over the lazy dog, and 12 more.\n\n  It said: "再见，朋友。" ';
/** Random letters, for which no tokenizer has a long word. */
const letters = (size: number): string =>
  Array.from({ length: size }, (_, index) =>
    String.fromCharCode(97 + ((index * index * 31 + index * 7) % 26)),
  ).join('');

const tokensOf = (text: string): number =>
  piecesOf(text).reduce((sum, piece) => sum + countTokens(piece, { disallowedSpecial: new Set() }), 0);

describe('a text is cut for the tokenizer', () => {
  test.each([prose, filled(prose), 'a', '', filled(letters(100) + ' ')])(
    'only within long runs: %#',
    (text) => {
      expect(piecesOf(text)).toEqual([text]);
    },
  );

  test.each([
    letters(SIZE),
    filled('a'),
    filled('😀👋'),
    filled('\n'),
    filled('今天'),
    `${prose}${letters(500)}${prose}`,
  ])('where it has one, and stays whole: %#', (text) => {
    const pieces = piecesOf(text);
    expect(pieces.join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(1);
    // A lone surrogate would count as another character.
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });

  test('so that a long word takes time in proportion to its length', () => {
    const millis = (size: number): number => {
      const text = letters(size);
      return cpuMs(() => tokensOf(text));
    };
    millis(1_000);
    // Sixteen times the length; quadratic work would take 256 times as long.
    expect(millis(64_000) / Math.max(1, millis(4_000))).toBeLessThan(100);
  });
});

describe('the thread that counts', () => {
  const counter = new ThreadedTokenCounter();
  afterEach(() => counter.stop());

  test('counts as the tokenizer does', async () => {
    const text = filled(prose, 5_000);
    // Loading the tables may take longer than any request waits.
    while ((await counter.count('hello hello')) !== 2) await Bun.sleep(50);
    expect(await counter.count(text)).toBe(tokensOf(text));
  });

  test('answers everybody, however much it is asked, by the size where it would take too long', async () => {
    const word = letters(SIZE);
    const asked = Array.from({ length: 80 }, () => counter.count(word));
    const ordinary = counter.count(prose);
    expect(counter.pending).toBeLessThanOrEqual(64);
    const startedAt = performance.now();
    expect(await ordinary).toBeGreaterThan(0);
    // A second, plus the time that a busy machine adds. Counted as one piece, the text would take minutes.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    for (const tokens of await Promise.all(asked)) expect(tokens).toBeGreaterThanOrEqual(SIZE / 4);
    expect(counter.pending).toBe(0);
  });

  test('is not asked about a text without end', async () => {
    expect(await counter.count('a'.repeat(100_000))).toBe(25_000);
    expect(await counter.count('文'.repeat(100_000))).toBe(75_000);
  });

  test('leaves nobody waiting when it is stopped', async () => {
    const asked = counter.count('a'.repeat(400));
    counter.stop();
    expect(await asked).toBe(100);
  });
});

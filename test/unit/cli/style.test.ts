import { expect, test } from 'bun:test';
import { styleFor } from '../../../src/cli/style.ts';

const isColoured = (isTTY: boolean, env: Record<string, string>): boolean =>
  styleFor({ isTTY }, env).bold('x') !== 'x';

test('colours are for terminals', () => {
  expect(isColoured(true, { TERM: 'xterm' })).toBe(true);
  expect(isColoured(false, { TERM: 'xterm' })).toBe(false);
  expect(isColoured(true, { TERM: 'dumb' })).toBe(false);
});

test('NO_COLOR takes them away, unless it is empty', () => {
  expect(isColoured(true, { NO_COLOR: '1' })).toBe(false);
  expect(isColoured(true, { NO_COLOR: '' })).toBe(true);
});

test('FORCE_COLOR comes before everything', () => {
  expect(isColoured(false, { FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' })).toBe(true);
  expect(isColoured(true, { FORCE_COLOR: '0' })).toBe(false);
});

test('a style ends what it began', () => {
  const style = styleFor({ isTTY: true }, {});
  const texts = [style.bold('x'), style.dim('x'), style.good('x'), style.bad('x'), style.name('x')];
  expect(texts.map((text) => Bun.stripANSI(text))).toEqual(['x', 'x', 'x', 'x', 'x']);
  expect(new Set(texts).size).toBe(5);
  for (const text of texts)
    expect(text.split('\u001b[')).toEqual([
      '',
      expect.stringMatching(/^\d+mx$/),
      expect.stringMatching(/^(?:22|39)m$/),
    ]);
});

import { expect, test } from 'bun:test';
import { openProgress } from '../../../src/cli/progress.ts';

function watch(isTTY: boolean, env = {}) {
  let written = '';
  let nowMs = 0;
  const stream = {
    isTTY,
    columns: 12,
    write: (text: string | Uint8Array) => {
      written += String(text);
      return true;
    },
  };
  const progress = openProgress(stream, env, () => nowMs);
  return { progress, written: () => written, passMs: (ms: number) => void (nowMs += ms) };
}

test('progress is one line, rewritten ten times a second at most, and gone at the end', () => {
  const { progress, written, passMs } = watch(true);
  for (let row = 1; row <= 5; row++) {
    progress.show(`row ${row}`);
    passMs(60);
  }
  progress.end();
  expect(written()).toBe('\r\u001b[Krow 1\r\u001b[Krow 3\r\u001b[Krow 5\r\u001b[K');
});

test('it is cut to the width of the terminal, since a second line would stay', () => {
  const { progress, written } = watch(true);
  progress.show('a long long line');
  expect(written()).toBe('\r\u001b[Ka long long');
});

test('without a terminal that can take a line back, and without anything to show, nothing is written', () => {
  const [pipe, dumb] = [watch(false), watch(true, { TERM: 'dumb' })];
  for (const { progress } of [pipe, dumb]) {
    progress.show('row 1');
    progress.end();
  }
  const quiet = watch(true);
  quiet.progress.end();
  expect([pipe, dumb, quiet].map(({ written }) => written())).toEqual(['', '', '']);
});

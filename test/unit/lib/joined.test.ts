import { expect, test } from 'bun:test';
import { copied, joined } from '../../../src/lib/joined.ts';

/** Counts the turns of the event loop while `work` goes on. */
async function turnsDuring(work: unknown): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work;
  isOver = true;
  return turns;
}

const MB = 1024 * 1024;
const filled = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);

test('pieces are joined in order, many of them in several turns, and their memory is released', async () => {
  for (const sizes of [
    [3, 0, 5],
    [70_000, 80_000],
    [5 * MB, 6 * MB, 1, 4 * MB, 100_000],
  ]) {
    const pieces = sizes.map((size, at) => filled(size, at + 1));
    const expected = Buffer.concat(pieces);
    const joining = joined(pieces, expected.byteLength);
    const turns = await turnsDuring(joining);
    expect(Buffer.compare(await joining, expected)).toBe(0);
    if (expected.byteLength < MB) continue;
    expect(turns).toBeGreaterThan(1);
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([0, 0, 1, 0, 0]);
  }
});

test('a single piece is not copied', () => {
  const piece = filled(10 * MB, 1);
  expect(joined([piece], piece.byteLength)).toBe(piece);
});

test('a copy has its own memory, whatever it is a copy of', async () => {
  const bytes = filled(13 * MB, 7).subarray(1);
  bytes[9 * MB] = 8;
  const copying = copied(bytes);
  expect(await turnsDuring(copying)).toBeGreaterThan(1);
  const copy = await copying;
  expect(Buffer.compare(copy, bytes)).toBe(0);
  expect(copy.byteLength).toBe(copy.buffer.byteLength);
  expect(copy.buffer).not.toBe(bytes.buffer);
  expect((await copied(new Uint8Array())).byteLength).toBe(0);
});

import { describe, expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createPieceDecoder } from '../../../src/lib/http/piece-decoder.ts';

const TEXT = 'line one\nline two\nline three\n';

const CODINGS = [
  ['gzip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['Deflate ', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['identity', Buffer.from(TEXT)],
  [null, Buffer.from(TEXT)],
] as const;

/** Resolves with the decoded text once the end was called; never, if it is not. */
function decoded(coding: string | null, pieces: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const decoder = createPieceDecoder(coding, {
      take: (piece) => void (text += Buffer.from(piece).toString()),
      end: () => resolve(text),
    });
    for (const piece of pieces) {
      decoder.push(piece);
      // The caller uses its buffer again.
      piece.fill(0);
    }
    decoder.end();
  });
}

describe('a body that is decoded in pieces', () => {
  test.each(CODINGS)('is whole wherever it is cut: %s', async (coding, bytes) => {
    for (const cut of [0, 1, 2, 3, bytes.byteLength >> 1, bytes.byteLength - 1])
      expect(
        await decoded(coding, [Buffer.from(bytes.subarray(0, cut)), Buffer.from(bytes.subarray(cut))]),
      ).toBe(TEXT);
  });

  test.each([
    ['an unknown coding', 'compress', Buffer.from(TEXT)],
    ['damaged data', 'gzip', Buffer.from('no gzip at all')],
    ['a body that broke off', 'gzip', gzipSync(TEXT).subarray(0, 20)],
  ])('has no end with %s', async (_, coding, bytes) => {
    const none = Bun.sleep(50).then(() => 'no end');
    expect(await Promise.race([decoded(coding, [Buffer.from(bytes)]), none])).toBe('no end');
  });
});

import { describe, expect, test } from 'bun:test';
import zlib from 'node:zlib';
import {
  decodeBody,
  decodedTail,
  decodeLargeBody,
  type Decoding,
} from '../../../src/lib/http/content-coding.ts';

const TEXT = '{"error":{"message":"Überlastet 你好 👋"}}'.repeat(20);
const PLAIN = new TextEncoder().encode(TEXT);
const NO_BOUND = 1_000_000;

const coded: Readonly<Record<string, Uint8Array>> = {
  gzip: zlib.gzipSync(PLAIN),
  'x-gzip': zlib.gzipSync(PLAIN),
  deflate: zlib.deflateSync(PLAIN),
  br: zlib.brotliCompressSync(PLAIN),
  zstd: zlib.zstdCompressSync(PLAIN),
};

const text = (decoding: Decoding): string =>
  typeof decoding === 'string' ? decoding : new TextDecoder().decode(decoding);

describe('a body is decoded by its Content-Encoding', () => {
  for (const [coding, bytes] of Object.entries(coded)) {
    test(coding, () => expect(text(decodeBody(bytes, coding, NO_BOUND))).toBe(TEXT));

    test(`${coding}: a damaged body is none, and half of one gives no half`, () => {
      const damaged = new Uint8Array(bytes);
      damaged.fill(0x5a, 4);
      expect(decodeBody(damaged, coding, NO_BOUND)).toBe('damaged');
      const cut = decodeBody(bytes.subarray(0, bytes.length - 8), coding, NO_BOUND);
      // The runtime decodes a truncated zstd body to an empty one. It rejects the others.
      expect(cut === 'damaged' || cut.length === 0).toBe(true);
    });

    test(`${coding}: a small body that holds a large one is not unpacked beyond the bound`, () => {
      expect(decodeBody(bytes, coding, PLAIN.length - 1)).toBe('too-large');
      expect(text(decodeBody(bytes, coding, PLAIN.length))).toBe(TEXT);
    });
  }

  test('deflate without its wrapping, as some servers send it', () =>
    expect(text(decodeBody(zlib.deflateRawSync(PLAIN), 'deflate', NO_BOUND))).toBe(TEXT));

  test('the name in any case and with white space', () =>
    expect(text(decodeBody(zlib.gzipSync(PLAIN), ' GZip ', NO_BOUND))).toBe(TEXT));

  test('none at all, and identity, leave the body as it is', () => {
    for (const coding of [null, '', 'identity', 'Identity'])
      expect(decodeBody(PLAIN, coding, NO_BOUND)).toBe(PLAIN);
  });

  test('an unknown coding, and several at once, are not guessed', () => {
    expect(decodeBody(PLAIN, 'compress', NO_BOUND)).toBe('unknown-coding');
    expect(decodeBody(zlib.gzipSync(PLAIN), 'gzip, br', NO_BOUND)).toBe('unknown-coding');
    expect(decodeBody(PLAIN, 'toString', NO_BOUND)).toBe('unknown-coding');
  });
});

test('a body that becomes large is decoded as well, up to the bound', async () => {
  const large = new Uint8Array(3_000_000).fill(0x61);
  for (const compress of [zlib.gzipSync, zlib.deflateSync]) {
    const coding = compress === zlib.gzipSync ? 'gzip' : 'deflate';
    const bytes = compress(large);
    expect(await decodeLargeBody(bytes, coding, 3_000_000)).toEqual(Buffer.from(large));
    expect(await decodeLargeBody(bytes, coding, 2_999_999)).toBe('too-large');
  }
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const many = Buffer.concat(Array.from({ length: 20 }, () => noise));
  const bytes = zlib.gzipSync(many, { level: 0 });
  expect(await decodeLargeBody(bytes, 'gzip', 10_000_000)).toEqual(many);
  expect(await decodeLargeBody(bytes.subarray(0, -8), 'gzip', 10_000_000)).toBe('damaged');
  expect(await decodeLargeBody(many, null, 10)).toBe(many);
  expect(await decodeLargeBody(many, 'compress', 10)).toBe('unknown-coding');
});

describe('the end of a body', () => {
  const large = new TextEncoder().encode(`${'x'.repeat(300_000)}the end`);
  const limits = { keepBytes: 100, maxBytes: 1_000_000 };

  for (const [coding, bytes] of [
    ['gzip', zlib.gzipSync(large)],
    ['deflate', zlib.deflateSync(large)],
    ['deflate', zlib.deflateRawSync(large)],
    ['br', zlib.brotliCompressSync(large)],
    ['zstd', zlib.zstdCompressSync(large)],
  ] as const) {
    test(`is all that is kept of it: ${coding}`, async () => {
      const tail = await decodedTail(bytes, coding, limits);
      expect(String(tail?.subarray(-100))).toBe('the end'.padStart(100, 'x'));
      expect(tail?.byteLength).toBeLessThan(200_000);
    });
    test(`is nothing where the body is larger than what is decoded, or damaged: ${coding}`, async () => {
      expect(await decodedTail(bytes, coding, { ...limits, maxBytes: 100_000 })).toBeUndefined();
      const damaged = new Uint8Array(bytes);
      damaged.fill(0x5a, 4);
      expect(await decodedTail(damaged, coding, limits)).toBeUndefined();
    });
  }
  test('is nothing without a coding', async () =>
    expect(await decodedTail(large, null, limits)).toBeUndefined());
});

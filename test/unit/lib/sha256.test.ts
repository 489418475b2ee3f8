import { expect, test } from 'bun:test';
import { sha256Hex } from '../../../src/lib/sha256.ts';

test('the digests of FIPS 180-2 come out, as lower-case hex', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('text is hashed as UTF-8', () =>
  expect(sha256Hex('ü')).toBe(
    new Bun.CryptoHasher('sha256').update(new Uint8Array([0xc3, 0xbc])).digest('hex'),
  ));

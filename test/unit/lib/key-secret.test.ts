import { describe, expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import { isMistyped, newKeySecret } from '../../../src/lib/key-secret.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a secret that is made up', () => {
  test('has 43 random characters and their CRC-32, in base 62', () => {
    const secrets = Array.from({ length: 200 }, newKeySecret);
    expect(new Set(secrets).size).toBe(200);
    for (const secret of secrets) {
      expect(secret).toMatch(/^sk-lp-[0-9A-Za-z]{49}$/);
      const check = secret
        .slice(-6)
        .split('')
        .reduce((sum, digit) => sum * 62 + DIGITS.indexOf(digit), 0);
      expect(check).toBe(crc32(secret.slice(6, -6)));
      expect(isMistyped(secret)).toBe(false);
    }
    // Every character occurs: nothing of the 256 bits is left out.
    expect(new Set(secrets.flatMap((secret) => secret.slice(7, 49).split(''))).size).toBe(62);
  });

  test('is known to be mistyped after any change of one character, and when it is cut off', () => {
    const secret = newKeySecret();
    for (let at = 6; at < secret.length; at++) {
      const wrong = secret.charAt(at) === 'x' ? 'y' : 'x';
      expect(isMistyped(`${secret.slice(0, at)}${wrong}${secret.slice(at + 1)}`)).toBe(true);
    }
    for (const cut of [secret.slice(0, -1), secret.slice(0, 10), `${secret}x`, 'sk-lp-'])
      expect(isMistyped(cut)).toBe(true);
  });

  test('is told from keys of other forms', () => {
    for (const other of ['', 'mk-abc', 'sk-proj-abc', 'sk-l', 'SK-LP-1', `x${newKeySecret()}`])
      expect(isMistyped(other)).toBe(false);
  });
});

import { describe, expect, test } from 'bun:test';
import { isInRange, parseIpAddress, parseIpRange } from '../../../src/lib/ip-address.ts';

describe('an address', () => {
  test.each([
    ['10.0.0.7', '00000000000000000000ffff0a000007'],
    ['::ffff:10.0.0.7', '00000000000000000000ffff0a000007'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:DB8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['fd00::', 'fd000000000000000000000000000000'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ])('%s is read', (text, bytes) => {
    expect(Buffer.from(parseIpAddress(text) ?? []).toString('hex')).toBe(bytes);
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.07',
    '10.0.0.1.',
    '0x7f.0.0.1',
    '2130706433',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '1.2.3.4::',
    'fe80::1%eth0',
    '[::1]',
    'localhost',
    `${'1:'.repeat(100_000)}1`,
  ])('%s is none', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });
});

describe('a range', () => {
  const contains = (range: string, address: string): boolean => {
    const [parsed, bytes] = [parseIpRange(range), parseIpAddress(address)];
    if (parsed === undefined || bytes === undefined) throw new Error(`${range} or ${address}`);
    return isInRange(bytes, parsed);
  };

  test.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['10.0.0.128/25', '10.0.0.200', true],
    ['10.0.0.128/25', '10.0.0.127', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '203.0.113.9', true],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fc00::1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
  ])('%s has %s: %p', (range, address, expected) => {
    expect(contains(range, address)).toBe(expected);
  });

  test.each(['', '/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10/8', '10.0.0.0/-1'])(
    '%s is none',
    (text) => {
      expect(parseIpRange(text)).toBeUndefined();
    },
  );
});

import { describe, expect, test } from 'bun:test';
import { compileTrustedProxies } from '../../../src/config/read/trusted-proxies.ts';
import { clientAddress, isClientSecure } from '../../../src/server/client-address.ts';

const trusts = compileTrustedProxies(['10.0.0.0/8', '::1'], (finding) => {
  throw new Error(finding.message);
});
const from = (headers: Record<string, string>, peer = '10.0.0.1'): string =>
  clientAddress(peer, new Headers(headers), trusts);

describe("the client's address", () => {
  test('is that of the peer where no proxy is trusted, or another peer says otherwise', () => {
    const headers = new Headers({ 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' });
    expect(clientAddress('10.0.0.1', headers, undefined)).toBe('10.0.0.1');
    expect(clientAddress('192.0.2.1', headers, trusts)).toBe('192.0.2.1');
    expect(clientAddress('', headers, trusts)).toBe('');
  });

  test('is what a trusted proxy says', () => {
    expect(from({ 'x-forwarded-for': '203.0.113.9' })).toBe('203.0.113.9');
    expect(from({ 'x-forwarded-for': '203.0.113.9' }, '::ffff:10.0.0.1')).toBe('203.0.113.9');
    expect(from({ 'x-forwarded-for': '203.0.113.9:4711' })).toBe('203.0.113.9');
    expect(from({ 'x-forwarded-for': '[2001:db8::9]:4711' })).toBe('2001:db8::9');
    expect(from({ 'x-forwarded-for': '2001:db8::9' })).toBe('2001:db8::9');
  });

  test('is the last one that is no proxy of ours, whatever the client has put before it', () => {
    expect(from({ 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.2.2.2' })).toBe('203.0.113.9');
    expect(from({ 'x-forwarded-for': '10.9.9.9, 203.0.113.9' })).toBe('203.0.113.9');
    expect(from({ 'x-forwarded-for': '10.3.3.3, 10.2.2.2' })).toBe('10.3.3.3');
  });

  test('ends at the proxy that wrote what is no address', () => {
    expect(from({ 'x-forwarded-for': '203.0.113.9, unknown, 10.2.2.2' })).toBe('10.2.2.2');
    expect(from({ 'x-forwarded-for': 'a line\u00e9' })).toBe('10.0.0.1');
    expect(from({ 'x-forwarded-for': '' })).toBe('10.0.0.1');
    expect(from({ 'x-forwarded-for': `${'1.1.1.1,'.repeat(100_000)}203.0.113.9` })).toBe('10.0.0.1');
  });

  test('is read from Forwarded only where X-Forwarded-For is missing', () => {
    expect(from({ forwarded: 'for=203.0.113.9;proto=https, For="[::1]:80"' })).toBe('203.0.113.9');
    expect(from({ forwarded: 'by="a, b";for="[2001:db8::9]:4711"' })).toBe('2001:db8::9');
    expect(from({ forwarded: 'for=203.0.113.9, for=_hidden' })).toBe('10.0.0.1');
    expect(from({ forwarded: 'for=1.1.1.1', 'x-forwarded-for': '203.0.113.9' })).toBe('203.0.113.9');
  });
});

describe('whether the client spoke TLS', () => {
  const secure = (headers: Record<string, string>, address = '10.0.0.1', isTls = false): boolean =>
    isClientSecure(new Headers(headers), { address, isTls }, trusts);

  test('is known of our own listener, and else as a trusted proxy says', () => {
    expect(secure({}, '192.0.2.1', true)).toBe(true);
    expect(secure({ 'x-forwarded-proto': 'https' }, '192.0.2.1')).toBe(false);
    expect(secure({ 'x-forwarded-proto': 'https' })).toBe(true);
    expect(secure({ 'x-forwarded-proto': 'https, http' })).toBe(false);
    expect(secure({ forwarded: 'for=203.0.113.9;proto=HTTPS' })).toBe(true);
    expect(secure({ forwarded: 'proto=https', 'x-forwarded-proto': 'http' })).toBe(false);
    expect(secure({})).toBe(false);
  });
});

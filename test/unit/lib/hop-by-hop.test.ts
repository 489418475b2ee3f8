import { expect, test } from 'bun:test';
import { HOP_BY_HOP, namedByConnection } from '../../../src/lib/http/hop-by-hop.ts';

function named(connection?: string): string[] {
  return [...namedByConnection(new Headers(connection === undefined ? {} : { connection }))];
}

test('the fields of RFC 9110 §7.6.1 are known, and so is what proxies have added', () => {
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'proxy-authorization',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ])
    expect(HOP_BY_HOP.has(name)).toBe(true);
  expect(HOP_BY_HOP.has('content-type')).toBe(false);
});

test('Connection names further fields, in any case and with white space', () => {
  expect(named('X-Foo,  x-BAR ,close')).toEqual(['x-foo', 'x-bar', 'close']);
  expect(named('keep-alive, X-Foo')).toContain('x-foo');
});

test('a connection that only says whether it stays names none', () => {
  for (const connection of [undefined, '', 'close', 'Keep-Alive', ' close '])
    expect(named(connection)).toEqual([]);
});

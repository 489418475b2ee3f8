import { expect, test } from 'bun:test';
import { HOP_BY_HOP, namedByConnection } from '../../../src/lib/http/hop-by-hop.ts';
import { cpuMs } from '../cpu-time.ts';

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
  expect(named('X-Foo,  x-BAR ,close')).toEqual(['x-foo', 'x-bar']);
  expect(named('keep-alive, X-Foo')).toContain('x-foo');
});

test('a connection that only says whether it stays names none', () => {
  for (const connection of [undefined, '', 'close', 'Keep-Alive', ' close '])
    expect(named(connection)).toEqual([]);
});

test('the time for a field grows no faster than its length', () => {
  const timeOf = (size: number): number => {
    const headers = new Headers({ connection: `${'\xa0'.repeat(size)}x` });
    return cpuMs(() => {
      for (let count = 0; count < 20; count++) namedByConnection(headers);
    });
  };
  timeOf(10_000);
  // Quadratic work would take a hundred times as long.
  expect(timeOf(100_000)).toBeLessThan(30 * timeOf(10_000) + 20);
});

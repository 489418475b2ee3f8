import { afterEach, expect, test } from 'bun:test';
import type { Provider } from '../../../src/config/snapshot.ts';
import { ConnectionPool } from '../../../src/upstream/direct/connection-pool.ts';
import { unreachableReason } from '../../../src/upstream/failure.ts';
import { createFetchUpstream } from '../../../src/upstream/fetch/fetch-upstream.ts';
import { ProxyGuard } from '../../../src/upstream/fetch/proxy-guard.ts';
import { targetOf } from '../../../src/upstream/direct/target.ts';
import { answering, closeAll, provide, request } from './scene.ts';

afterEach(closeAll);

test('a connection to an address that is never called carries not a byte', async () => {
  let received = 0;
  const { port } = await provide((socket) => socket.on('data', ({ length }) => (received += length)));
  const asked: string[] = [];
  const forbids = (address: string): boolean => asked.push(address) > 0;
  const target = { name: 'test', hostname: 'localhost', port, tls: undefined, forbids };
  const pool = new ConnectionPool(target, () => undefined);
  const failure = await new Promise((resolve) => pool.open({ take: resolve, fail: resolve }));
  expect(unreachableReason(failure)).toBe('forbidden');
  expect(asked).toEqual(['127.0.0.1']);
  expect(received).toBe(0);
});

test('a target forbids link-local addresses and allows private ones', () => {
  const provider = { tls: { verify: true, caFile: undefined } } as Provider;
  const { forbids } = targetOf(new URL('https://rebound.example/v1'), provider);
  expect(['169.254.169.254', 'fe80::1', '10.0.0.1', '::1'].map(forbids)).toEqual([true, true, false, false]);
});

test('a proxy whose name resolves to a metadata address is not asked', async () => {
  const { port, sockets } = await provide(answering());
  const names: string[] = [];
  const guard = new ProxyGuard(async (name) => {
    names.push(name);
    return ['10.0.0.1', '169.254.169.254'];
  });
  const upstream = createFetchUpstream(guard);
  const settings = `proxy: "http://localhost:${port}"`;
  for (let round = 0; round < 3; round++) {
    const reply = await upstream.send(request('http://provider.test', { settings }));
    expect(reply).toEqual({ kind: 'unreachable', reason: 'forbidden' });
  }
  expect(names).toEqual(['localhost']);
  expect(sockets).toEqual([]);
});

test('a proxy whose name can not be resolved is left to fetch', async () => {
  const guard = new ProxyGuard(() => Promise.reject(new Error('no such name')));
  expect(await guard.forbids('http://nowhere.invalid:3128')).toBe(false);
});

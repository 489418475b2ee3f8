import { expect, test } from 'bun:test';
import { endpointOf } from '../../../src/gateway/endpoint.ts';

test('the known paths are their own label, with or without the version', () => {
  for (const path of [
    '/chat/completions',
    '/completions',
    '/embeddings',
    '/responses',
    '/messages',
    '/files',
  ]) {
    expect(endpointOf(`/v1${path}`)).toBe(`/v1${path}`);
    expect(endpointOf(path)).toBe(`/v1${path}`);
  }
});

test('a path of the gateway itself is its own label', () => {
  for (const path of ['/', '/health', '/metrics', '/docs']) expect(endpointOf(path)).toBe(path);
});

test('whatever else a client asks for has one label together', () => {
  const labels = new Set(
    ['/v1/files/file-abc', '/v1', '/v1/chat/completions/x', '/constructor', '/v1/CHAT/completions', '/v1/文']
      .concat(Array.from({ length: 100 }, (_, n) => `/v1/junk-${n}`))
      .map(endpointOf),
  );
  expect([...labels]).toEqual(['/v1/*']);
});

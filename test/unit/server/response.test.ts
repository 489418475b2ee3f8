import { afterAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { responseOf } from '../../../src/server/response.ts';

const large = new Uint8Array(20 * 1024 * 1024).map((_, at) => at % 251);
const bodies: Readonly<Record<string, Uint8Array>> = {
  '/large': large,
  '/small': large.subarray(0, 1_000_000),
};
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: ({ url }) =>
    responseOf({
      kind: 'whole',
      status: 201,
      fields: { 'x-a': 'b' },
      body: bodies[new URL(url).pathname] ?? null,
    }),
});
afterAll(() => server.stop(true));

test.each([
  ['/small', '1000000'],
  ['/large', null],
])('a whole body arrives as it is, and only a large one without its length: %s', async (path, length) => {
  const response = await fetch(new URL(path, server.url));
  expect([response.status, response.headers.get('x-a')]).toEqual([201, 'b']);
  expect(response.headers.get('content-length')).toBe(length);
  const body = await response.bytes();
  expect(Buffer.compare(body, bodies[path] ?? new Uint8Array())).toBe(0);
});

test('a large body is not sent on to a client that has left', async () => {
  const socket = connect(server.port ?? 0, '127.0.0.1', () => {
    socket.write('GET /large HTTP/1.1\r\nhost: a\r\n\r\n');
  });
  await new Promise((resolve) => socket.once('data', resolve));
  expect(server.pendingRequests).toBe(1);
  socket.destroy();
  while (server.pendingRequests > 0) await Bun.sleep(5);
});

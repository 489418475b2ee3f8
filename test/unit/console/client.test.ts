import { afterAll, beforeEach, expect, test } from 'bun:test';
import { call, onOldToken, signWrites } from '../../../console/src/api/client.ts';

const OLD = { code: 'csrf', message: 'the token of an earlier session' };

let asked = 0;
let done = 0;
const gateway = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: ({ url, headers }) => {
    asked++;
    if (headers.get('x-csrf-token') !== 'new') return Response.json({ error: OLD }, { status: 403 });
    done++;
    const status = url.endsWith('/fails') ? 503 : 200;
    return Response.json({ error: { code: 'store_unavailable', message: 'away' } }, { status });
  },
});
afterAll(() => gateway.stop(true));
beforeEach(() => {
  asked = 0;
  done = 0;
  signWrites('old', 'alice');
});

const write = (path = '') => call(`${gateway.url.href}keys${path}`, { method: 'POST', body: {} });

test('a write with the token of an earlier session of the same person is sent again, and done once', async () => {
  onOldToken(async () => signWrites('new', 'alice'));
  await write();
  expect([asked, done]).toEqual([2, 1]);
});

test('a write of one person is not sent again for another', async () => {
  onOldToken(async () => signWrites('new', 'bob'));
  expect(await write().catch((error: unknown) => error)).toMatchObject({ code: 'csrf' });
  expect([asked, done]).toEqual([1, 0]);
});

test('the token is renewed once', async () => {
  onOldToken(async () => signWrites('older', 'alice'));
  expect(await write().catch((error: unknown) => error)).toMatchObject({ code: 'csrf' });
  expect([asked, done]).toEqual([2, 0]);
});

test('a write that may have been done is not sent again', async () => {
  signWrites('new', 'alice');
  expect(await write('/fails').catch((error: unknown) => error)).toMatchObject({ status: 503 });
  expect([asked, done]).toEqual([1, 1]);
});

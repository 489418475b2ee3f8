import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}" }]
master_keys: [{ name: greedy, key: mk-greedy }, { name: other, key: mk-other }]
models: { known: { routes: [{ provider: a, model: mock/ok }] } }
timeouts: { body_timeout: 1 }
max_body_mb: 1
body_memory_mb: 2`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

interface Client {
  readonly socket: Socket;
  readonly answer: () => string;
  readonly isClosed: () => boolean;
}

/** Sends a head and the beginning of a body, then stays silent. */
function begin(fields: string, body = '{"model":'): Client {
  let answer = '';
  let isClosed = false;
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () =>
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${fields}\r\n\r\n${body}`,
    ),
  );
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
  socket.on('close', () => (isClosed = true));
  socket.on('error', () => undefined);
  return { socket, answer: () => answer, isClosed: () => isClosed };
}

const LENGTH = 'content-length: 1000';
const CHUNKED = 'transfer-encoding: chunked';

test.each([
  ['with a length', `authorization: Bearer mk-other\r\n${LENGTH}`, '{"model":'],
  ['in chunks', `authorization: Bearer mk-other\r\n${CHUNKED}`, '5\r\n{"mod\r\n'],
])(
  'the connection of a body %s that does not come to its end is closed behind its 408',
  async (_, fields, body) => {
    const clients = Array.from({ length: 20 }, () => begin(fields, body));
    await until(() => clients.every((client) => client.isClosed()) || undefined);
    for (const client of clients) {
      expect(client.answer()).toStartWith('HTTP/1.1 408 ');
      expect(client.answer().toLowerCase()).toContain('connection: close');
      expect(client.answer()).toContain('body_timeout');
    }
    expect(gateway.app.server.pending()).toBe(0);
  },
);

test('whoever is refused and does not send the rest is not kept for ever', async () => {
  const clients = Array.from({ length: 20 }, () => begin(`authorization: Bearer wrong\r\n${LENGTH}`));
  await until(() => clients.every((client) => client.answer().startsWith('HTTP/1.1 401 ')) || undefined);
  await until(() => clients.every((client) => client.isClosed()) || undefined);
});

test('whoever is refused and sends the rest may go on over the same connection', async () => {
  const client = begin('content-length: 10', '12345');
  await until(() => client.answer().startsWith('HTTP/1.1 401 ') || undefined);
  const body = JSON.stringify(chat('known'));
  client.socket.write(
    `67890POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer mk-other\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await until(() => client.answer().includes('HTTP/1.1 200 ') || undefined);
  client.socket.destroy();
});

test('a key with too many unfinished bodies gets 429, and another one its answer', async () => {
  const large = JSON.stringify({ ...chat('known'), x: 'x'.repeat(600_000) });
  const unfinished = begin(`authorization: Bearer mk-greedy\r\ncontent-length: ${large.length}`);
  const send = (key: string): Promise<Response> =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: large,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    });
  await until(() => gateway.app.server.pending() === 1 || undefined);
  const refused = await send('mk-greedy');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ error: { code: 'too_many_bodies' } });
  expect((await send('mk-other')).status).toBe(200);
  await until(() => unfinished.isClosed() || undefined);
  expect((await send('mk-greedy')).status).toBe(200);
});

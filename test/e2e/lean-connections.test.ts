import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { startApp } from '../../src/app/gateway-app.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, compiled, startGateway, type TestGateway, until } from './gateway.ts';
import { rawRequest } from './raw-client.ts';

/** More than a client's connection takes before the client reads. */
const LARGE_BYTES = 3_000_000;

/** More than the system keeps for one connection, at both of its ends. */
const HUGE_BYTES = 24_000_000;

/** Little enough to be written together with other answers. */
const MEDIUM_BYTES = 40_000;

let simulator: Simulator;
let provider: { readonly port: number | undefined; readonly stop: (ends: boolean) => Promise<void> };
let config: string;
let gateway: TestGateway;
/** Sends only the beginning of a head. It is closed after ten seconds, in which the other tests run. */
let stopped: Client;
/** The sockets of a process are looked up in `/proc`. */
const OPENSSL = process.platform === 'linux' ? Bun.which('openssl') : null;
/** Takes five seconds, in which the other tests run. */
let overTls: Promise<number>;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch({ url }) {
      if (url.includes('/slowly/')) return slowAnswer();
      if (url.includes('/huge/')) return answerOf(HUGE_BYTES);
      return answerOf(url.includes('/medium/') ? MEDIUM_BYTES : LARGE_BYTES);
    },
  });
  config = `
providers: [{name: mock, api_base: "${simulator.url}/v1"}, {name: large, api_base: "http://127.0.0.1:${provider.port}"}, {name: medium, api_base: "http://127.0.0.1:${provider.port}/medium"}, {name: huge, api_base: "http://127.0.0.1:${provider.port}/huge"}, {name: slowly, api_base: "http://127.0.0.1:${provider.port}/slowly"}]
models: {m: {routes: [{provider: mock, model: x}]}, large: {routes: [{provider: large, model: x}]}, medium: {routes: [{provider: medium, model: x}]}, huge: {routes: [{provider: huge, model: x}]}, slowly: {routes: [{provider: slowly, model: x}]}, slow: {routes: [{provider: mock, model: "mock/slow-first?ms=500"}]}, silent: {routes: [{provider: mock, model: mock/silence}]}}`;
  gateway = startGateway(config, undefined, 'lean');
  stopped = open(gateway.url, request('m', 'close').slice(0, 20));
  if (OPENSSL !== null) overTls = watchTls(OPENSSL);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  await provider.stop(true);
});

function answerOf(bytes: number): Response {
  const message = { role: 'assistant', content: 'x'.repeat(bytes) };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  return Response.json({ choices, usage: { prompt_tokens: 1, completion_tokens: 1 } });
}

/** A stream that takes longer than the pauses in it. */
function slowAnswer(): Response {
  const event = (choice: object): string =>
    `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] })}\n\n`;
  async function* pieces(): AsyncGenerator<string> {
    for (let n = 0; n < 12; n++) {
      yield event({ delta: { content: `word ${n} ` }, finish_reason: null });
      await Bun.sleep(25);
    }
    yield `${event({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`;
  }
  return new Response(pieces(), { headers: { 'content-type': 'text/event-stream' } });
}

const LINE = 'POST /v1/chat/completions';
const FIELDS = [
  ['Host', 'localhost'],
  ['Content-Type', 'application/json'],
] as const;
const request = (model: string, connection = 'keep-alive'): string =>
  rawRequest(LINE, [...FIELDS, ['Connection', connection]], JSON.stringify(chat(model)));

const chunkedRequest = (model: string): string => {
  const body = JSON.stringify(chat(model));
  return `${rawRequest(LINE, [...FIELDS, ['Transfer-Encoding', 'chunked']])}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
};

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
  /** The last bytes that came. */
  readonly last: () => string;
  /** Resolves with how the connection ended. */
  readonly ended: Promise<'fin' | 'rst'>;
}

/** Sends a text over a new connection, and finishes sending if it `finishes`. */
function open(url: string, text: string, finishes = false): Client {
  const pieces: Buffer[] = [];
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true }, () => {
    socket.write(text);
    if (finishes) socket.end();
  });
  socket.on('data', (bytes: Buffer) => pieces.push(bytes));
  const ended = new Promise<'fin' | 'rst'>((resolve) => {
    socket.on('end', () => resolve('fin'));
    socket.on('error', () => resolve('rst'));
  });
  return {
    socket,
    ended,
    text: () => Buffer.concat(pieces).toString('latin1'),
    last: () => Buffer.concat(pieces.slice(-2)).toString('latin1'),
  };
}

/** Reads on only after the gateway has done with the connection what it does. */
async function readLate({ socket, text, ended }: Client): Promise<number> {
  await Bun.sleep(300);
  socket.resume();
  await Promise.race([ended, until(() => text().length > LARGE_BYTES)]);
  socket.destroy();
  return text().length;
}

async function answered(count: number): Promise<void> {
  await gateway.ended(gateway.events.filter(({ type }) => type === 'request-ended').length + count);
}

test.each([
  ['that closes its connection after the answer', 'close', true],
  ['that keeps its connection', 'keep-alive', true],
  ['that finishes sending when it has the answer', 'keep-alive', false],
])('a client %s and reads late gets all of it', async (_, connection, finishesFirst) => {
  const ended = answered(1);
  const client = open(gateway.url, request('large', connection), finishesFirst);
  client.socket.pause();
  await ended;
  if (!finishesFirst) client.socket.end();
  expect(await readLate(client)).toBeGreaterThan(LARGE_BYTES);
});

test('a client that sends much ahead and reads slowly gets every answer, also of the server behind', async () => {
  const ahead = request('medium').repeat(200);
  const client = open(gateway.url, `${ahead}${rawRequest('GET /', [['Host', 'localhost']])}`);
  client.socket.on('data', () => {
    client.socket.pause();
    setTimeout(() => client.socket.resume(), 5);
  });
  await until(() => client.last().includes('"message":"llm-proxy"'));
  client.socket.destroy();
  expect(client.text().match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(201);
  expect(
    client
      .text()
      .match(/x+/g)
      ?.filter(({ length }) => length > 100),
  ).toEqual(Array.from({ length: 200 }, () => 'x'.repeat(MEDIUM_BYTES)));
});

test.each([
  ['of the gateway', request('huge')],
  ['of the server behind', chunkedRequest('huge')],
])('the connection of a client that leaves an answer %s unread is closed', async (_, sent) => {
  const impatient = startGateway(`${config}\ntimeouts: {unread_timeout: 0.4}`, undefined, 'lean');
  const client = open(impatient.url, sent);
  client.socket.pause();
  const reading = open(impatient.url, sent);
  await until(() => reading.text().length > HUGE_BYTES);
  reading.socket.destroy();
  // A client that does not read only learns from what it sends that its connection has closed.
  const asking = setInterval(() => client.socket.write(' '), 20);
  expect(await client.ended).toBe('rst');
  clearInterval(asking);
  expect(impatient.app.server.pending()).toBe(0);
  await impatient.stop();
});

// The list of the system's connections: `tr` 02 is the timer that asks a silent peer (proc_net_tcp.rst).
test.skipIf(process.platform !== 'linux')('a silent client is asked whether it still exists', async () => {
  const client = open(gateway.url, request('m'));
  await until(() => client.text().includes('chat.completion'));
  const pair = [Number(new URL(gateway.url).port), client.socket.localPort ?? 0].map(
    (port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  await until(() => {
    const rows = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/));
    const row = rows.find(([, local, remote]) => local?.endsWith(pair[0]!) && remote?.endsWith(pair[1]!));
    return row?.[5]?.startsWith('02:');
  });
  client.socket.destroy();
});

test('a client that reads late gets all of its answer although the gateway stops', async () => {
  const stopping = startGateway(config, undefined, 'lean');
  const client = open(stopping.url, request('large'));
  client.socket.pause();
  await stopping.ended();
  void stopping.app.server.drain();
  await until(() => stopping.app.server.pending() === 0);
  await stopping.stop();
  expect(await readLate(client)).toBeGreaterThan(LARGE_BYTES);
});

test('a client gets all that the server behind has answered although the gateway stops', async () => {
  const stopping = startGateway(config, undefined, 'lean');
  const client = open(stopping.url, chunkedRequest('large'));
  client.socket.pause();
  await stopping.ended();
  void stopping.app.server.drain();
  await until(() => stopping.app.server.pending() === 0);
  const stopped = stopping.stop();
  const length = await readLate(client);
  await stopped;
  expect(length).toBeGreaterThan(LARGE_BYTES);
});

test('a client that has finished sending and waits for its answer gets nothing but the answer', async () => {
  const client = open(gateway.url, request('slow'), true);
  expect(await client.ended).toBe('fin');
  expect(client.text()).toStartWith('HTTP/1.1 200 OK\r\n');
  expect(client.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('a client that has finished sending gets the answer of the runtime, and an end in order', async () => {
  const read = open(gateway.url, rawRequest('GET /', [...FIELDS, ['Connection', 'keep-alive']]), true);
  expect(await read.ended).toBe('fin');
  expect(read.text()).toStartWith('HTTP/1.1 200 OK');
  const chunked = rawRequest(LINE, [...FIELDS, ['Transfer-Encoding', 'chunked']]);
  const ask = (body: string): Client =>
    open(gateway.url, `${chunked}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, true);
  const asked = ask(JSON.stringify(chat('m')));
  expect(await asked.ended).toBe('fin');
  expect(asked.text()).toContain('chat.completion');
  // A pause that is too long on a busy machine counts as the silence of a client that has gone.
  let text = '';
  for (let tries = 0; tries < 5 && !text.includes('[DONE]'); tries++) {
    const streamed = ask(JSON.stringify({ ...chat('slowly'), stream: true }));
    await streamed.ended;
    text = streamed.text();
  }
  expect(text).toContain('[DONE]');
});

test('a client that finishes sending together with its request may read its answer at once', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const client = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(gateway.url).port),
    socket: { data: (_, bytes) => resolve(String(bytes)) },
    allowHalfOpen: true,
  });
  client.write(request('slow'));
  client.shutdown();
  expect(await promise).toStartWith('HTTP/1.1 200 OK\r\n');
  client.end();
});

test('a client that leaves before its answer is noticed although its connection closes in order', async () => {
  const before = simulator.attempts.length;
  const client = open(gateway.url, request('silent'));
  await until(() => simulator.attempts.length > before);
  client.socket.destroy();
  const leftAt = Date.now();
  const closedAt = await until(() => simulator.attempts[before]?.closedByPeerAt);
  expect(closedAt - leftAt).toBeLessThan(10_000);
});

test('a kept connection is answered once more when the gateway stops to listen, and told that it ends', async () => {
  const stopping = startGateway(config, undefined, 'lean');
  const client = open(stopping.url, request('m'));
  await until(() => client.text().endsWith('}'));
  expect(client.text()).not.toContain('connection: close');
  const before = client.text().length;
  const drained = stopping.app.server.drain();
  client.socket.write(request('m'));
  expect(await client.ended).toBe('fin');
  const last = client.text().slice(before);
  expect(last).toStartWith('HTTP/1.1 200 OK\r\n');
  expect(last).toContain('connection: close');
  await drained;
  await stopping.stop();
});

test('an idle connection is closed in order when the gateway stops to listen', async () => {
  const stopping = startGateway(config, undefined, 'lean');
  const client = open(stopping.url, request('m'));
  await until(() => client.text().endsWith('}'));
  void stopping.app.server.drain();
  expect(await client.ended).toBe('fin');
  client.socket.destroy();
  await stopping.stop();
});

test('a client that asks whether it may send its body is told so', async () => {
  const body = JSON.stringify(chat('m'));
  const fields = [...FIELDS, ['Expect', '100-continue'], ['Content-Length', `${body.length}`]] as const;
  const client = open(gateway.url, rawRequest(LINE, fields));
  await until(() => client.text() === 'HTTP/1.1 100 Continue\r\n\r\n');
  client.socket.write(body);
  expect(await client.ended).toBe('fin');
  expect(client.text()).toContain('HTTP/1.1 200 OK');
});

test('a head that comes slowly is read, and one that stops in the middle ends its connection', async () => {
  const text = request('m', 'close');
  const slow = open(gateway.url, text.slice(0, 20));
  for (let at = 20; at < text.length; at += 40) {
    await Bun.sleep(150);
    slow.socket.write(text.slice(at, at + 40));
  }
  expect(await slow.ended).toBe('fin');
  expect(slow.text()).toStartWith('HTTP/1.1 200 OK');
  await stopped.ended;
  expect(stopped.text()).not.toContain('200');
});

test('requests that are on their way when the gateway stops to listen are answered', async () => {
  const stopping = startGateway(config, undefined, 'lean');
  const kept = open(stopping.url, request('m'));
  await until(() => kept.text().endsWith('}'));
  const text = request('m', 'close');
  const slow = open(stopping.url, text.slice(0, -60));
  await until(() => stopping.app.server.pending() === 1);
  const before = kept.text().length;
  const drained = stopping.app.server.drain();
  const body = JSON.stringify(chat('m'));
  const chunked = rawRequest(LINE, [
    ...FIELDS,
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'keep-alive'],
  ]);
  kept.socket.write(`${chunked}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  expect(await kept.ended).toBe('fin');
  expect(kept.text().slice(before)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*connection: close/is);
  await drained;
  // The server behind gets it after a second.
  for (let at = text.length - 60; at < text.length; at += 4) {
    await Bun.sleep(150);
    expect(stopping.app.server.pending()).toBeGreaterThan(0);
    slow.socket.write(text.slice(at, at + 4));
  }
  expect(await slow.ended).toBe('fin');
  expect(slow.text()).toStartWith('HTTP/1.1 200 OK');
  await stopping.stop();
});

/** Watches how the gateway lets go of connections that stay open on the client's side, one of them without a handshake. */
async function watchTls(openssl: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-lean-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const args = ['req', ...kind, '-subj', '/CN=localhost', '-keyout', key, '-out', cert];
  await Bun.spawn([openssl, ...args], { stderr: 'ignore' }).exited;
  const tls = `tls: { cert_file: "${cert}", key_file: "${key}" }`;
  const app = startApp({
    snapshot: compiled(`server: { host: 127.0.0.1, port: 0, engine: lean, ${tls} }\n${config}`),
    version: 'test',
    emit: () => undefined,
  });
  const { port } = app.server;
  const place = { port, host: '127.0.0.1', allowHalfOpen: true };
  const mute = connect(place);
  await new Promise((resolve) => mute.on('connect', resolve));
  const silent = connectTls({ ...place, rejectUnauthorized: false });
  await new Promise((resolve) => silent.on('secureConnect', resolve));
  const held = await heldSockets(port);
  await app.server.drain();
  for (let left = 600; left > 0 && (await heldSockets(port)) > 0; left--) await Bun.sleep(100);
  const rest = await heldSockets(port);
  for (const socket of [mute, silent]) socket.destroy();
  await app.stop();
  await rm(folder, { recursive: true });
  return held === 3 ? rest : NaN;
}

/** How many sockets with this local port belong to a process. */
async function heldSockets(port: number): Promise<number> {
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await Bun.file('/proc/net/tcp').text()).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, local = '', ...rest]) => local.endsWith(place) && rest[7] !== '0').length;
}

test.skipIf(OPENSSL === null)('a client with TLS that does not close its side is let go of', async () => {
  expect(await overTls).toBe(0);
});

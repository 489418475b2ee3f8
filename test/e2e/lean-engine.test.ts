import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { exchange } from '../acceptance/exchange.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';
import { startLoggedGateway } from './logged-gateway.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

const OPEN = 'providers: [{name: mock, api_base: "http://127.0.0.1:1"}]\n';

let simulator: Simulator;
let lean: TestGateway;
let runtime: TestGateway;
/** Begins before the other tests, because it takes ten seconds. */
let idle: Promise<readonly [text: string, state: string]>;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  const config = `
providers: [{name: mock, api_base: "${simulator.url}/v1", api_key: sk-mock}]
models: {m: {routes: [{provider: mock, model: x}]}, n: {routes: [{provider: mock, model: x}]}, silent: {routes: [{provider: mock, model: mock/silence}]}, stalling: {routes: [{provider: mock, model: "mock/stall?after=2"}]}, broken: {routes: [{provider: mock, model: "mock/cut-rst?after=2"}]}}
master_keys: [{name: app, key: mk-app-key-1234}]
max_body_mb: 1
timeouts: {body_timeout: 1}
`;
  lean = startGateway(config, undefined, 'lean');
  runtime = startGateway(config, undefined, 'runtime');
  idle = watchIdle();
});
afterAll(async () => {
  await Promise.all([lean.stop(), runtime.stop()]);
  await simulator.stop();
});

const KEY = ['Authorization', 'Bearer mk-app-key-1234'] as const;
const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const LINE = 'POST /v1/chat/completions';
const BODY = JSON.stringify(chat('m'));
const GEMINI_BODY = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] });
const request = (more: readonly (readonly [string, string])[] = [], body = BODY): string =>
  rawRequest(LINE, [KEY, JSON_TYPE, ...more], body);

/** The status, the names of the fields and the kind of the body: everything that does not differ from one request to the next. */
async function outcomeOf(url: string, text: string): Promise<unknown> {
  const { status, fields, body } = await sendRaw(url, text);
  const names = fields.map(([name]) => name).filter((name) => name !== 'connection');
  const code = /"code":\s*"([a-z_]+)"/.exec(body)?.[1];
  return { status, names: names.sort(), code, isAnswer: body.includes('chat.completion') };
}

describe('both engines give the same answer to', () => {
  const large = JSON.stringify(chat('m', { user: 'x'.repeat(200_000) }));
  const huge = JSON.stringify(chat('m', { user: 'x'.repeat(1_200_000) }));
  const requests: Readonly<Record<string, () => string>> = {
    'a plain request': () => request(),
    'a stream': () => request([], JSON.stringify(chat('m', { stream: true }))),
    'a large body': () => request([], large),
    'a body that is too large': () => request([], huge),
    'a wrong key': () => rawRequest(LINE, [['Authorization', 'Bearer mk-no-key'], JSON_TYPE], BODY),
    'an unknown model': () => request([], JSON.stringify(chat('n'))),
    'a body that is no JSON': () => request([], '{'),
    'no body': () => rawRequest(LINE, [KEY, JSON_TYPE]),
    'a length of 0': () => rawRequest(LINE, [KEY, ['Content-Length', '0']]),
    chunks: () =>
      `${rawRequest(LINE, [KEY, JSON_TYPE, ['Transfer-Encoding', 'chunked']])}${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    'a length and chunks': () =>
      `${rawRequest(LINE, [KEY, JSON_TYPE, ['Transfer-Encoding', 'chunked'], ['Content-Length', '5']])}0\r\n\r\n`,
    'two lengths': () => request([['Content-Length', '5']]),
    'another method': () => rawRequest('GET /v1/chat/completions', [KEY]),
    TRACE: () => rawRequest('TRACE /v1/chat/completions', [KEY]),
    'a path of the gateway': () => rawRequest('GET /healthz', []),
    'a path that is not there': () => rawRequest('GET /nothing/here', [KEY]),
    'a POST to the list of models': () => rawRequest('POST /v1/models', [KEY, JSON_TYPE], BODY),
    'a length behind a vertical tab': () =>
      `${rawRequest(LINE, [KEY, JSON_TYPE, ['Content-Length', `\x0b${BODY.length}`]])}${BODY}`,
    'the list of models': () => rawRequest('GET /v1/models', [KEY]),
    'the list of models without a key': () => rawRequest('GET /v1/models', []),
    'the list of models with a body': () => rawRequest('GET /v1/models', [KEY, JSON_TYPE], BODY),
    'the list of models for Google': () =>
      rawRequest('GET /v1beta/models?key=mk-app-key-1234&pageSize=1', []),
    'a model': () => rawRequest('GET /v1/models/n', [KEY]),
    'a model that is not there': () => rawRequest('GET /v1beta/models/none-2.5', [KEY]),
    'the heading of the list of models': () => rawRequest('HEAD /v1/models', [KEY]),
    'the readiness': () => rawRequest('GET /readyz', []),
    'an object of a provider': () => rawRequest('GET /v1/files/file-1', [KEY]),
    'a POST for the health': () => rawRequest('POST /healthz', [JSON_TYPE], BODY),
    'a request on a path of Azure': () =>
      rawRequest(
        'POST /openai/deployments/m/chat/completions?api-version=2024-10-21',
        [KEY, JSON_TYPE],
        JSON.stringify({ messages: chat('m')['messages'] }),
      ),
    'a request on a path of Gemini': () =>
      rawRequest('POST /v1beta/models/m:generateContent', [KEY, JSON_TYPE], GEMINI_BODY),
    'a stream on a path of Gemini': () =>
      rawRequest('POST /v1beta/models/m:streamGenerateContent?alt=sse', [KEY, JSON_TYPE], GEMINI_BODY),
    'a request without a version': () => rawRequest('POST /chat/completions', [KEY, JSON_TYPE], BODY),
    'an escaped path': () => rawRequest('POST /v1/chat%2fcompletions', [KEY, JSON_TYPE], BODY),
    'a dot segment': () => rawRequest('POST /v1/x/../chat/completions', [KEY, JSON_TYPE], BODY),
    'an escaped dot segment': () => rawRequest('GET /v1/files/%2e%2e%2fmodels', [KEY]),
    'a doubled slash': () => rawRequest('POST /v1//chat/completions', [KEY, JSON_TYPE], BODY),
    'the use of the key': () => rawRequest('GET /v1/key', [KEY]),
    'a head that is too large': () => request([['X-Large', 'x'.repeat(40_000)]]),
  };
  for (const [what, text] of Object.entries(requests)) {
    test(what, async () => {
      const theirs = await outcomeOf(runtime.url, text());
      expect(await outcomeOf(lean.url, text())).toEqual(theirs);
      // Connections share heads that were parsed.
      expect(await outcomeOf(lean.url, text())).toEqual(theirs);
    });
  }
});

/** Sends pieces over one connection, and reads until `isOver` or the end of the connection. */
function session(
  pieces: readonly string[],
  { isOver, halfCloses = false }: { isOver?: (text: string) => boolean; halfCloses?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ port: Number(new URL(lean.url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('connect', () => {
      void (async () => {
        for (const piece of pieces) {
          socket.write(piece);
          if (pieces.length > 1) await Bun.sleep(1);
        }
        if (halfCloses) socket.end();
      })();
    });
    const done = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (isOver?.(text) === true) done();
    });
    socket.on('error', reject);
    socket.on('end', done);
    socket.setTimeout(60_000, () => reject(new Error(`no end after ${text.length} bytes`)));
  });
}

const keepAlive = (body = BODY): string => request([['Connection', 'keep-alive']], body);
const answersIn = (text: string): number => text.split('HTTP/1.1 200').length - 1;

test('a request that comes byte by byte is answered', async () => {
  expect(answersIn(await session(Array.from(request())))).toBe(1);
});

test('requests that are sent ahead are answered in order, whichever is quicker', async () => {
  const slow = request(
    [
      ['Connection', 'keep-alive'],
      ['x-mock-words', '10'],
      ['x-mock-pace', '20'],
    ],
    JSON.stringify(chat('n', { stream: true })),
  );
  const text = await session([`${slow}${keepAlive()}`], {
    isOver: (all) => answersIn(all) === 2 && all.endsWith('}'),
  });
  const [first = '', second = ''] = text.split('HTTP/1.1 200').slice(1);
  expect([first.includes('x-llm-proxy-model: n'), first.includes('[DONE]')]).toEqual([true, true]);
  expect([second.includes('x-llm-proxy-model: m'), second.includes('data:')]).toEqual([true, false]);
});

test('a connection goes on after a request that was not plain', async () => {
  const text = await session(
    [`${keepAlive()}${rawRequest('GET /', [['Connection', 'keep-alive']])}${keepAlive()}`],
    {
      isOver: (all) => answersIn(all) === 3,
    },
  );
  expect(answersIn(text)).toBe(3);
});

test('a client that has finished sending still gets its answer', async () => {
  expect(answersIn(await session([keepAlive()], { halfCloses: true }))).toBe(1);
});

test('a request that stops in the middle is left to the time limits of the runtime', async () => {
  const text = await session([request().slice(0, -10)]);
  expect(text).toStartWith('HTTP/1.1 408');
});

test('a client that has gone takes the provider along, before its answer and in the middle of it', async () => {
  for (const body of [chat('silent'), chat('stalling', { stream: true })]) {
    const before = simulator.attempts.length;
    const socket = connect(Number(new URL(lean.url).port), '127.0.0.1', () =>
      socket.write(request([], JSON.stringify(body))),
    );
    await until(() => simulator.attempts.length > before);
    await Bun.sleep(50);
    socket.end();
    socket.destroy();
    await until(() => simulator.attempts[before]?.closedByPeerAt !== undefined);
  }
});

/** The bytes on a connection without a request until it is closed, and the state of one with a request at that time. */
async function watchIdle(): Promise<readonly [text: string, state: string]> {
  const used = connect(Number(new URL(lean.url).port), '127.0.0.1', () => used.write(keepAlive()));
  used.resume();
  const text = await session([]);
  const state = used.readyState;
  used.destroy();
  return [text, state];
}

test('a connection on which no request begins is closed, and one that had a request is kept', async () => {
  expect(await idle).toEqual(['', 'open']);
});

test('an answer that breaks off breaks the connection', async () => {
  const body = JSON.stringify(chat('broken', { stream: true }));
  expect(await exchange(lean.url, Buffer.from(request([], body))).ended).toBe('rst');
});

test('a large body is read only for a client that may send it', async () => {
  const large = JSON.stringify(chat('m', { user: 'x'.repeat(300_000) }));
  const refused = await sendRaw(
    lean.url,
    rawRequest(LINE, [['Authorization', 'Bearer no'], JSON_TYPE], large),
  );
  expect(refused.status).toBe(401);
  const text = await session([`${keepAlive(large)}${keepAlive(large)}`], {
    isOver: (all) => answersIn(all) === 2,
  });
  expect(answersIn(text)).toBe(2);
});

test('an answer that closes the connection says so', async () => {
  const { fields } = await sendRaw(lean.url, request());
  expect(fields).toContainEqual(['connection', 'close']);
});

test('the client behind a connection that was handed over is known', async () => {
  const config = 'master_keys: [{name: app, key: mk-app-key-1234}]\nlogging: {format: json}';
  const logged = await startLoggedGateway(`${OPEN}${config}`, 'engine: lean, trusted_proxies: [127.0.0.1]');
  await sendRaw(logged.url, rawRequest('GET /nothing', [['X-Forwarded-For', '203.0.113.9']]));
  await logged.log.flush();
  expect(logged.terminal()).toContain('"client":"203.0.113.9"');
  await logged.stop();
});

test.skipIf(process.platform !== 'linux')('nobody gets past it to the server behind it', async () => {
  const ports = await ownListeners();
  const gateway = startGateway(OPEN, undefined, 'lean');
  const innerPorts = async (): Promise<number[]> =>
    [...(await ownListeners())].filter((port) => !ports.has(port) && !gateway.url.endsWith(`:${port}`));
  // It listens from the first request on that is handed over.
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect(await innerPorts()).toEqual([]);
  await handOver(gateway.url);
  const opened = await innerPorts();
  const statuses = await Promise.all(
    opened.map(async (port) => (await fetch(`http://127.0.0.1:${port}/healthz`)).status),
  );
  expect(statuses).toEqual([421]);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  await gateway.stop();
});

test.skipIf(process.platform !== 'linux')('nobody takes the place of a client by its port', async () => {
  const ports = await ownListeners();
  const gateway = startGateway(OPEN, undefined, 'lean');
  const outer = Number(new URL(gateway.url).port);
  await handOver(gateway.url);
  const inner = [...(await ownListeners())].find((port) => !ports.has(port) && port !== outer) ?? 0;
  const client = connect(outer, '127.0.0.1', () =>
    client.write(rawRequest('GET /', [['Connection', 'keep-alive']])),
  );
  await new Promise((resolve) => client.once('data', resolve));
  const taken = (await connections()).find(({ remotePort }) => remotePort === inner);
  expect(taken).toBeDefined();
  const intruder = connect({
    host: '127.0.0.1',
    port: inner,
    localAddress: '127.0.0.2',
    localPort: taken?.localPort ?? 0,
  });
  intruder.write(rawRequest('GET /healthz', []));
  const answer = await new Promise<Buffer>((resolve) => intruder.once('data', resolve));
  expect(answer.toString()).toStartWith('HTTP/1.1 421');
  client.destroy();
  intruder.destroy();
  await gateway.stop();
});

/** Sends a request that only the runtime's server answers. */
async function handOver(url: string): Promise<void> {
  expect((await fetch(`${url}/`)).status).toBe(200);
}

interface Row {
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: string;
  readonly inode: string;
}

/** The system's connections and listeners, by /proc/net/tcp (proc(5)). */
async function connections(): Promise<Row[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => Bun.file(`/proc/net/${name}`).text()));
  const portOf = (address = ''): number => Number.parseInt(address.split(':')[1] ?? '', 16);
  return tables
    .flatMap((text) => text.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .map(([, local, remote, state = '', , , , , , inode = '']) => ({
      localPort: portOf(local),
      remotePort: portOf(remote),
      state,
      inode,
    }));
}

/** The ports on which this process listens: those whose sockets it has open. */
async function ownListeners(): Promise<ReadonlySet<number>> {
  const folder = '/proc/self/fd';
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  const listening = (await connections()).filter(
    ({ state, inode }) => state === '0A' && links.includes(`socket:[${inode}]`),
  );
  return new Set(listening.map(({ localPort }) => localPort));
}

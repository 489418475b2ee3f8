import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Outcome } from '../../src/routing/outcome.ts';
import { whenLate } from '../../src/lib/late.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT, COMPLETIONS } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { reportOf } from './report.ts';

/** Failures that the model name selects. */
const FAULTS = [
  ...[401, 402, 403, 408, 429, 500, 501, 502, 503, 504, 507, 520, 529, 599].map((status) => `mock/${status}`),
  'mock/quota',
  'mock/502-html',
  'mock/503?body=empty',
  'mock/500?body=truncated',
  'mock/redirect',
  'mock/rst',
  'mock/zero-byte',
  'mock/silence',
  ...['garbage', 'status-line', 'header', 'chunk-size', 'version', 'no-head-end', 'two-lengths'].map(
    (kind) => `mock/invalid-http?kind=${kind}`,
  ),
  'mock/200-error',
  'mock/200-empty',
  'mock/200-html',
  'mock/gzip+200-error',
  'mock/gzip+500',
];
/** Failures that show only in an answer that is not streamed. */
const PLAIN_FAULTS = ['mock/broken-json', 'mock/cut-rst', 'mock/cut-fin', 'mock/cut-chunk', 'mock/cut-clean'];
const NO_CHOICES = 'mock/200-no-choices';
const NO_CONTENT = 'mock/cut-clean?after=0';
/** A connection that ends without an answer may have died idle: it is tried again on a new one. */
const MAY_BE_STALE = new Set(['mock/rst', 'mock/zero-byte', 'mock/invalid-http?kind=no-head-end']);

/** Failures before a connection to a provider exists, by provider. */
let addresses: Readonly<Record<string, string>>;
let simulator: Simulator;
let gateway: TestGateway;
let deaf: Deaf;
let plainSpoken: Server;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  deaf = await startDeaf();
  // Answers a TLS handshake as HTTP-only servers do.
  plainSpoken = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await new Promise<void>((resolve) => plainSpoken.listen(0, '127.0.0.1', resolve));
  const closed = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const closedPort = closed.port;
  closed.stop(true);
  addresses = {
    // The resolver itself refuses a label of more than 63 characters, so no DNS server is contacted.
    dns: `http://${'x'.repeat(64)}.invalid`,
    refused: `http://127.0.0.1:${closedPort}`,
    tls: `https://127.0.0.1:${portOf(plainSpoken)}`,
    // This one takes the handshake for the beginning of a request, and waits for its rest.
    handshake: `https://127.0.0.1:${simulator.port}`,
    connect: `http://127.0.0.1:${deaf.port}`,
  };
  const models = [...FAULTS, ...PLAIN_FAULTS, NO_CHOICES, NO_CONTENT].map(
    (fault) =>
      `"${fault}": { routes: [{ provider: a, model: "${fault}" }, { provider: b, model: ok, priority: 2 }] }`,
  );
  const unreachable = Object.keys(addresses).map(
    (name) =>
      `${name}: { routes: [{ provider: ${name}, model: m }, { provider: b, model: ok, priority: 2 }] }`,
  );
  const providers = Object.entries(addresses).map(
    ([name, url]) =>
      `- { name: ${name}, api_base: "${url}", api_key: sk-secret, timeouts: { connect_timeout: 0.5, first_byte_timeout: 0.8 } }`,
  );
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}/a", apis: [chat, completions, responses, messages], timeouts: { first_byte_timeout: 0.5 } }
  - { name: b, api_base: "${simulator.url}/b" }
  ${providers.join('\n  ')}
models:
  ${[...models, ...unreachable].join('\n  ')}
  nobody: { routes: [${Object.keys(addresses)
    .map((name) => `{ provider: ${name}, model: m }`)
    .join(', ')}] }
fallback: { cooldown_seconds: 0, retry_backoff: 0.01 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  deaf.stop();
  plainSpoken.close();
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Deaf {
  readonly port: number;
  readonly stop: () => void;
}

/** A port that listens but never accepts a connection: its program sleeps and its queue is full. */
async function startDeaf(): Promise<Deaf> {
  const code = `
    const server = require('node:net').createServer(() => {});
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
  const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe', stderr: 'ignore' });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  child.kill('SIGSTOP');
  const sockets: Socket[] = [];
  // Linux takes a few more than the queue is long; when one waits, so will every other.
  for (let isFull = false; !isFull;) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    isFull = await new Promise<boolean>((resolve) => {
      const stopTimer = whenLate(500, () => resolve(true));
      socket.once('connect', () => {
        stopTimer();
        resolve(false);
      });
    });
  }
  return {
    port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

async function answered(api: Api, model: string, stream: boolean): Promise<Exchange> {
  const answer = ask(gateway.url, api, api.body(model, { stream }));
  expect(await answer.ended).toBe('whole');
  return answer;
}

async function expectFallback(api: Api, model: string, stream: boolean): Promise<void> {
  const answer = await answered(api, model, stream);
  expect(answer.status()).toBe(200);
  expect(answer.header('x-llm-proxy-provider')).toBe('b');
  if (stream) expect(answer.text()).toMatch(api.saysWhole);
  else expect(api.textOf(JSON.parse(answer.text())).split(' ')).toHaveLength(20);
  const { history } = await reportOf(gateway, answer);
  expect(history).toHaveLength(2);
  const [failed, good] = ['/a', '/b'].map(
    (prefix) => simulator.attempts.filter(({ path }) => path.startsWith(prefix)).length,
  );
  expect(good).toBe(1);
  expect(failed).toBeLessThanOrEqual(MAY_BE_STALE.has(model) ? 2 : 1);
}

test.each([CHAT, COMPLETIONS].map((api) => [api.name, api] as const))(
  '%s falls over when there are no choices',
  async (_, api) => {
    await expectFallback(api, NO_CHOICES, false);
    simulator.reset();
    await expectFallback(api, NO_CONTENT, true);
  },
);

describe.each(APIS.map((api) => [api.name, api] as const))('%s falls over', (_, api) => {
  test.each(FAULTS)('when the provider does %s', async (fault) => {
    await expectFallback(api, fault, false);
    simulator.reset();
    await expectFallback(api, fault, true);
  });

  test.each(PLAIN_FAULTS)('when an answer that is not streamed does %s', async (fault) => {
    await expectFallback(api, fault, false);
  });

  test.concurrent.each([
    ['dns', { kind: 'unreachable', reason: 'dns' }],
    ['refused', { kind: 'unreachable', reason: 'refused' }],
    ['tls', { kind: 'unreachable', reason: 'tls' }],
    ['connect', { kind: 'timed-out', phase: 'connect' }],
    ['handshake', { kind: 'timed-out', phase: expect.stringMatching(/connect|first-byte/) }],
  ])('when there is no connection: %s', async (model, outcome) => {
    for (const stream of [false, true]) {
      const answer = await answered(api, model, stream);
      expect(answer.status()).toBe(200);
      const { history } = await reportOf(gateway, answer);
      expect(history.map((attempt) => attempt.outcome)).toEqual([outcome as Outcome, { kind: 'answered' }]);
    }
  });
});

test('when nobody can be reached, each was asked once, and the answer names no address', async () => {
  const answer = await answered(CHAT, 'nobody', false);
  expect([502, 504]).toContain(answer.status());
  const { history } = await reportOf(gateway, answer);
  // The last one may be given a second chance, since nothing else is left.
  expect(new Set(history.map(({ route }) => route.provider)).size).toBe(Object.keys(addresses).length);
  expect(history.length).toBeLessThanOrEqual(Object.keys(addresses).length + 1);
  expect(answer.wire().toString()).not.toMatch(/127\.0\.0\.1|invalid\b.*x{9}|xxxxx|sk-secret|https?:/);
});

test('a connection that is not taken is given up on time, and not left behind', async () => {
  const startedAt = performance.now();
  await answered(CHAT, 'connect', false);
  expect(performance.now() - startedAt).toBeWithin(400, 20_000);
  await until(() => gateway.app.server.pending() === 0);
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { APIS, CHAT } from './apis.ts';
import { armedTimers } from './armed-timers.ts';
import { ask, type HeaderFields, postOf } from './exchange.ts';

const REQUESTS = 1000;
const AT_A_TIME = 40;

let simulator: Simulator;
let gateway: TestGateway;

/** The kinds of answer. A header chooses one, so that one route has to handle all of them. */
const FATES = (
  'ok ok?pace=500 400 404 429?retry-after=0 500 503?body=html rst zero-byte invalid-http silence headers-silence ' +
  'stall?after=2 stall?after=0 cut-rst?after=3 cut-fin?after=3&half=1 cut-chunk?after=3 cut-clean?after=3 ' +
  'error-first error-mid?after=3 done-open no-done no-finish broken-json 200-error 200-empty 200-html redirect ' +
  'gzip br+cut-clean?after=3 chunks idle-close?seconds=0 endless'
).split(' ');

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
master_keys: [{ name: only, key: mk-only }]
providers:
  - { name: a, api_base: "${simulator.url}/a", timeouts: { first_byte_timeout: 0.4, idle_timeout: 0.4 } }
  - { name: b, api_base: "${simulator.url}/b", timeouts: { first_byte_timeout: 0.4, idle_timeout: 0.4 } }
models:
  alone: { routes: [{ provider: a, model: shared }] }
  falls: { routes: [{ provider: a, model: shared }, { provider: b, model: spare, priority: 2 }] }
  balanced: { routes: [{ provider: a, model: shared }, { provider: b, model: unused }] }
load_balancing: { strategy: least_busy }
timeouts: { request_timeout: 600 }
max_body_mb: 1
fallback: { cooldown_seconds: 0, retry_backoff: 0.01, max_retry_wait: 0.1, retries: 0 }`);
});
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const KEY: HeaderFields = { authorization: 'Bearer mk-only' };

/** One request that ends in the `number`th way. Most are read to their end, and many are cancelled at some point. */
async function oneOf(number: number): Promise<void> {
  const api = APIS[number % APIS.length] ?? CHAT;
  const fate = FATES[Math.floor(number / 4) % FATES.length] ?? 'ok';
  const stream = number % 3 > 0;
  const body = api.body(number % 11 === 0 ? 'falls' : 'alone', { stream });
  switch (number % 17) {
    case 3:
      return cutOff(postOf(api.path, JSON.stringify(body), KEY), 150);
    case 5:
      return await refused(api.path, '{"model": broken', KEY);
    case 7:
      return await refused(api.path, JSON.stringify(api.body('nobody-serves-this')), KEY);
    case 9:
      return await refused(api.path, JSON.stringify(body), { authorization: 'Bearer mk-wrong' });
    case 11:
      return await refused(api.path, JSON.stringify({ ...body, padding: 'x'.repeat(1_100_000) }), KEY);
  }
  const exchange = ask(gateway.url, api, body, { ...KEY, 'x-mock-fault': fate });
  // Some leave at once, some while the answer is awaited, some in the middle of it, and some stay to the end.
  if (fate === 'endless') await Promise.race([exchange.ended, until(() => exchange.received() > 0)]);
  else if (number % 5 === 0) await Promise.race([exchange.ended, Bun.sleep((number % 7) * 10)]);
  if (fate === 'endless' || number % 5 === 0) exchange.leave();
  await exchange.ended;
}

async function refused(path: string, body: string, headers: HeaderFields): Promise<void> {
  const response = await fetch(`${gateway.url}${path}`, { method: 'POST', body, headers });
  expect(response.status).toBeWithin(400, 500);
  await response.text();
}

/** Sends only the beginning of a request, and leaves. */
function cutOff(request: Buffer, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname, () => {
      socket.write(request.subarray(0, bytes), () => socket.destroy());
    });
    socket.on('error', () => undefined).on('close', () => resolve());
  });
}

describe(`after ${REQUESTS} requests that ended in every possible way`, () => {
  test('nothing is left of them', async () => {
    // Sends a few requests first, so that everything that is created once exists before the count.
    for (let number = 0; number < 40; number++) await oneOf(number);
    await until(() => gateway.app.server.pending() === 0);
    const timersBefore = armedTimers();
    let next = 0;
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        while (next < REQUESTS) await oneOf(next++);
      }),
    );
    await until(() => gateway.app.server.pending() === 0);
    // One more may be that of the thread that counts tokens, which is kept for a minute.
    await until(() => armedTimers() <= timersBefore + 1);
    expect(gateway.events.filter(({ type }) => type === 'bug')).toEqual([]);

    // Each received request has been reported once, however it ended.
    const received = gateway.events.filter((event) => event.type === 'request-received');
    await until(() => reports().filter(({ history }) => history.length > 0).length >= received.length);
    const ids = reports().map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(reports().map(({ ending }) => ending))).toEqual(
      new Set(['complete', 'refused', 'failed', 'truncated', 'client-left']),
    );
  });

  test('the connections to providers are idle ones that are used again, and those to nowhere are closed', async () => {
    const isOpenEnded = (fault: string): boolean => /silence|stall|endless|done-open/.test(fault);
    await until(() =>
      simulator.attempts.filter(({ fault }) => isOpenEnded(fault)).every(({ endedAt }) => endedAt),
    );
    // The pool may keep as many as were needed at once, and no more come with further requests.
    const kept = simulator.openConnections();
    expect(kept).toBeLessThanOrEqual(AT_A_TIME);
    for (let count = 0; count < 20; count++) await ask(gateway.url, CHAT, CHAT.body('alone'), KEY).ended;
    expect(simulator.openConnections()).toBeLessThanOrEqual(Math.max(kept, 2));
  });

  test('the key and the models are as usable as before', async () => {
    for (const api of APIS) {
      for (const stream of [true, false]) {
        const exchange = ask(gateway.url, api, api.body('alone', { stream }), KEY);
        expect(await exchange.ended).toBe('whole');
        expect(exchange.status()).toBe(200);
      }
    }
  });

  test('the route does not count as busy: it shares the next requests with one that was never used', async () => {
    simulator.reset();
    for (let count = 0; count < 60; count++) await ask(gateway.url, CHAT, CHAT.body('balanced'), KEY).ended;
    const onA = simulator.attempts.filter(({ path }) => path.startsWith('/a')).length;
    expect(onA).toBeWithin(5, 56);
  });
});

describe('a request gives back its own place, and no other’s', () => {
  test.each([
    'error-first',
    'cut-clean?after=0',
    '200-empty',
    '200-html',
    '500',
    'rst',
    'silence',
    'cut-clean?after=1',
    'ok',
  ])('those that go on keep theirs while others end with %s', async (fate) => {
    const body = CHAT.body('alone', { stream: true });
    const patient = Array.from({ length: 5 }, () =>
      ask(gateway.url, CHAT, CHAT.body('alone', { stream: true }), { ...KEY, 'x-mock-fault': 'endless' }),
    );
    await until(() => patient.every((exchange) => exchange.received() > 0));
    for (let count = 0; count < 8; count++) {
      await ask(gateway.url, CHAT, body, { ...KEY, 'x-mock-fault': fate }).ended;
    }
    simulator.reset();
    for (let count = 0; count < 20; count++) await ask(gateway.url, CHAT, CHAT.body('balanced'), KEY).ended;
    for (const exchange of patient) exchange.leave();
    await until(() => gateway.app.server.pending() === 0);
    // Five are in flight on the one route, none on the other.
    expect(new Set(simulator.attempts.map(({ path }) => path.slice(0, 2)))).toEqual(new Set(['/b']));
  });
});

function reports() {
  return gateway.events.filter((event) => event.type === 'request-ended');
}

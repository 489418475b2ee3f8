import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';

/** The contract allows 200 ms. The rest is for a busy machine. */
const LIMIT_MS = 20_000;

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(() => {
  simulator.reset();
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}/a" }
  - { name: b, api_base: "${simulator.url}/b" }
models:
  silent: { routes: [{ provider: a, model: mock/silence }, { provider: b, model: spare, priority: 2 }] }
  silent-after-head:
    routes: [{ provider: a, model: mock/headers-silence }, { provider: b, model: spare, priority: 2 }]
  endless: { routes: [{ provider: a, model: mock/endless }, { provider: b, model: spare, priority: 2 }] }
  stalled: { routes: [{ provider: a, model: "mock/stall?after=3" }] }
  dripping: { routes: [{ provider: a, model: "mock/drip?bytes=1&ms=50" }] }
  speech: { routes: [{ provider: a, model: "mock/drip?bytes=1&ms=20" }] }
  busy: { routes: [{ provider: a, model: "mock/429?retry-after=4" }] }
  failing: { routes: [{ provider: a, model: mock/500 }] }
  slow-to-fail: { routes: [{ provider: a, model: "mock/500+silence?ms=400" }, { provider: b, model: spare, priority: 2 }] }
fallback: { retry_backoff: 60, alias_fallback: { silent: [stalled], busy: [], endless: [stalled] } }`);
});
afterEach(() => gateway.stop());
afterAll(() => simulator.stop());

/** Checks that the provider is cancelled in time once the client has left, and that nothing follows. */
async function leaves(exchange: Exchange): Promise<void> {
  const leftAt = Date.now();
  exchange.leave();
  const [first] = simulator.attempts;
  const closedAt = await until(() => simulator.attempts[0]?.closedByPeerAt);
  expect(closedAt - leftAt).toBeLessThan(LIMIT_MS);
  await expectNothingMore(first);
}

/** No later attempt, no counted failure, no request in flight. */
async function expectNothingMore(first: AttemptRecord | undefined): Promise<void> {
  const ended = await gateway.ended();
  expect(ended.ending).toBe('client-left');
  expect(ended.history.every(({ outcome }) => ['cancelled', 'answered'].includes(outcome.kind))).toBe(true);
  expect(gateway.events.some((event) => event.type === 'route-cooled')).toBe(false);
  await until(() => gateway.app.server.pending() === 0);
  // A later attempt would start at once, or after the interrupted pause. Both would have happened by now.
  await Bun.sleep(50);
  expect(simulator.attempts).toHaveLength(1);
  expect(simulator.attempts[0]?.connection).toBe(first?.connection ?? -1);
}

async function asked(api: Pick<Api, 'path'>, body: Record<string, unknown>): Promise<Exchange> {
  const exchange = ask(gateway.url, api, body);
  await simulator.waitForAttempts(1);
  return exchange;
}

describe.each(APIS.map((api) => [api.name, api] as const))('a client of %s that leaves', (_, api) => {
  describe.each([true, false])('(stream: %p)', (stream) => {
    test('before the head of the answer', async () => {
      await leaves(await asked(api, api.body('silent', { stream })));
    });

    test('between the head and the first byte', async () => {
      await leaves(await asked(api, api.body('silent-after-head', { stream })));
    });
  });

  test('in the middle of a stream that flows', async () => {
    const exchange = await asked(api, api.body('endless', { stream: true }));
    await until(() => exchange.received() > 2000);
    await leaves(exchange);
  });

  test('in the middle of a stream that is silent just then', async () => {
    const exchange = await asked(api, api.body('stalled', { stream: true }));
    await until(() => exchange.received() > 0);
    await leaves(exchange);
  });

  test('before the first event of a stream is complete', async () => {
    await leaves(await asked(api, api.body('dripping', { stream: true })));
  });

  test('while an answer that is not streamed comes in', async () => {
    await leaves(await asked(api, api.body('dripping')));
  });
});

test('a client that leaves in the middle of audio ends it at the provider', async () => {
  const exchange = await asked({ path: '/v1/audio/speech' }, { model: 'speech', input: 'Hello' });
  await until(() => exchange.received() > 5);
  await leaves(exchange);
});

describe('a client that leaves between two attempts is the last that is heard of it', () => {
  for (const [when, model] of [
    ['while Retry-After is waited for', 'busy'],
    ['while the gateway backs off', 'failing'],
  ] as const) {
    test(when, async () => {
      const exchange = ask(gateway.url, CHAT, CHAT.body(model, { stream: true }));
      await until(() => gateway.events.find(({ type }) => type === 'attempt-ended'));
      const leftAt = performance.now();
      exchange.leave();
      const ended = await gateway.ended();
      expect(performance.now() - leftAt).toBeLessThan(LIMIT_MS);
      expect(ended.ending).toBe('client-left');
      expect(ended.history).toHaveLength(1);
      await until(() => gateway.app.server.pending() === 0);
      await Bun.sleep(50);
      expect(simulator.attempts).toHaveLength(1);
    });
  }

  test('while the first route is about to fail', async () => {
    const exchange = await asked(CHAT, CHAT.body('slow-to-fail'));
    await leaves(exchange);
    await Bun.sleep(500);
    expect(simulator.attempts).toHaveLength(1);
  });
});

test('a provider whose clients left is still served by', async () => {
  for (let count = 1; count <= 20; count++) {
    const exchange = ask(gateway.url, CHAT, CHAT.body('silent'));
    await simulator.waitForAttempts(count);
    exchange.leave();
    await gateway.ended(count);
  }
  expect(new Set(simulator.attempts.map(({ path }) => path))).toEqual(new Set(['/a/v1/chat/completions']));
  await until(() => simulator.openConnections() === 0);
});

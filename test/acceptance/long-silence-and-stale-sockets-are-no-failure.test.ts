import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT, deltasOf } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}", model_mapping: { "mock/*": "*", plain: plain } }
  - { name: limited, api_base: "${simulator.url}", timeouts: { idle_timeout: 3, first_byte_timeout: 3 }, model_mapping: { "limited/*": "mock/*" } }
fallback: { retries: 0, max_retries: 1, cooldown_seconds: 0 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

async function whole(api: Api, model: string, stream: boolean, fault?: string): Promise<Exchange> {
  const exchange = ask(
    gateway.url,
    api,
    api.body(model, { stream }),
    fault === undefined ? {} : { 'x-mock-fault': fault },
  );
  expect(await exchange.ended).toBe('whole');
  expect(exchange.status()).toBe(200);
  if (stream) expect(deltasOf(exchange.text(), api)).toHaveLength(20);
  return exchange;
}

describe('a provider that is quiet within its limit is waited for', () => {
  for (const api of APIS) {
    test.concurrent(`${api.name}, in the middle of a stream`, async () => {
      await whole(api, 'plain', true, 'quiet?seconds=2');
    });
    test.concurrent(`${api.name}, where the limit is just above`, async () => {
      await whole(api, 'limited/x', true, 'quiet?seconds=1.5');
    });
    test.concurrent(`${api.name}, before the first byte of a stream`, async () => {
      await whole(api, 'plain', true, 'silence?ms=2000');
    });
    test.concurrent(`${api.name}, before an answer that is not streamed`, async () => {
      await whole(api, 'plain', false, 'silence?ms=2000');
    });
  }

  // The runtime has limits of its own, of 10 seconds and more, that would cut these.
  for (const [what, fault, stream] of [
    ['in the middle of a stream', 'quiet?seconds=13', true],
    ['after the role', 'slow-first?ms=13000', true],
    ['before the head of a stream', 'silence?ms=13000', true],
    ['before an answer that is not streamed', 'silence?ms=13000', false],
    ['between head and body', 'quiet?seconds=13', false],
  ] as const) {
    test.concurrent(`for 13 seconds, ${what}`, async () => {
      await whole(CHAT, 'plain', stream, fault);
    });
  }
});

describe('a connection that the provider closed while it was idle is no failure', () => {
  test.each(APIS.map((api) => [api.name, api] as const))(
    'at once after every answer (%s)',
    async (_, api) => {
      simulator.reset();
      const known = gateway.events.length;
      for (let count = 0; count < 100; count++) {
        await whole(api, 'mock/idle-close?seconds=0', count % 2 === 0);
      }
      expect(simulator.attempts).toHaveLength(100);
      expect(gateway.events.slice(known).filter((event) => event.type === 'route-cooled')).toEqual([]);
    },
    // If the machine pauses for 50 ms, the provider may have taken a request, which is then not sent again.
    { retry: 3 },
  );

  test('a little later, just when the next request may come', async () => {
    for (let count = 0; count < 60; count++) {
      await whole(APIS[count % APIS.length] ?? CHAT, 'mock/idle-close?seconds=0.01', count % 2 === 0);
      await Bun.sleep(5 + (count % 11));
    }
    expect(simulator.attempts).toHaveLength(60);
  });

  test('after a second', async () => {
    for (const pauseMs of [950, 1000, 1050, 1100]) {
      await Promise.all(APIS.map((api) => whole(api, 'mock/idle-close?seconds=1', true)));
      await Bun.sleep(pauseMs);
    }
    await whole(CHAT, 'mock/idle-close?seconds=1', false);
  });

  test('each such request is one attempt of one request, in the report too', async () => {
    const before = gateway.events.filter((event) => event.type === 'request-ended').length;
    for (let count = 0; count < 20; count++) await whole(CHAT, 'mock/idle-close?seconds=0', false);
    const reports = gateway.events.filter((event) => event.type === 'request-ended').slice(before);
    expect(reports.map(({ history }) => history.length)).toEqual(Array(20).fill(1));
    expect(reports.every(({ ending }) => ending === 'complete')).toBe(true);
  });
});

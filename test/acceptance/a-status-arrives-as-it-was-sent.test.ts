import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT, RESPONSES } from './apis.ts';
import { ask, type Exchange, exchange, postOf } from './exchange.ts';
import { reportOf } from './report.ts';

/** Statuses that streaming clients of the Responses API understand only as events of a stream. */
const TOLD_IN_STREAMS: ReadonlySet<number> = new Set([402, 429, 503, 529]);

const STATUSES = Array.from({ length: 200 }, (_, index) => 400 + index);

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}", apis: [chat, completions, responses, messages], model_mapping: { "mock/*": "*" } }
  - { name: b, api_base: "${simulator.url}/b", model_mapping: { two: "mock/503?retry-after=17&body=text" } }
  - { name: c, api_base: "${simulator.url}/c", model_mapping: { two: "mock/503?retry-after=17&body=text" } }
fallback: { cooldown_seconds: 0, retries: 0 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

async function asked(api: Api, model: string, stream = false): Promise<Exchange> {
  const answer = ask(gateway.url, api, api.body(model, { stream }));
  expect(await answer.ended).toBe('whole');
  return answer;
}

/** The provider's direct answer to the last request. */
async function direct(): Promise<Exchange> {
  const { path, body } = simulator.attempts.at(-1)!;
  const answer = exchange(simulator.url, postOf(path, body));
  expect(await answer.ended).toBe('whole');
  return answer;
}

async function expectAsSent(answer: Exchange): Promise<void> {
  const sent = await direct();
  expect(answer.status()).toBe(sent.status());
  expect(answer.body().equals(sent.body())).toBe(true);
  for (const name of ['content-type', 'retry-after', 'retry-after-ms', 'x-request-id', 'content-encoding']) {
    expect([name, answer.header(name)]).toEqual([name, sent.header(name)]);
  }
}

describe.each(APIS.map((api) => [api.name, api] as const))('on %s', (_, api) => {
  test.each([true, false])(
    'every status from 400 to 599 arrives with its body (stream: %p)',
    async (stream) => {
      for (const status of STATUSES) {
        const answer = await asked(api, `mock/${status}?retry-after=9`, stream);
        expect(simulator.attempts).toHaveLength(1);
        if (api === RESPONSES && stream && TOLD_IN_STREAMS.has(status)) {
          expect([answer.status(), answer.header('retry-after')]).toEqual([200, '9']);
          expect(answer.text()).toContain('event: response.failed');
        } else {
          expect(answer.status()).toBe(status);
          await expectAsSent(answer);
        }
        simulator.reset();
      }
    },
  );

  test.each(['html', 'text', 'truncated', 'empty', 'json', 'huge&bytes=100000', 'huge&bytes=2000000'])(
    'an error body is kept, be it what it may: %s',
    async (kind) => {
      for (const status of [400, 404, 418, 429, 500, 502, 503]) {
        simulator.reset();
        await expectAsSent(await asked(api, `mock/${status}?body=${kind}`));
      }
    },
  );
});

test.each(['7', 'date:20', 'soon', 'absurd', 'none&retry-after-ms=1500'])(
  'Retry-After arrives as it was sent: %s',
  async (value) => {
    for (const status of [429, 503]) {
      simulator.reset();
      const answer = await asked(CHAT, `mock/${status}?retry-after=${value}`);
      expect(answer.status()).toBe(status);
      const sent = await direct();
      // The date differs between the two.
      if (value.startsWith('date')) expect(answer.header('retry-after')).toMatch(/ GMT$/);
      else expect(answer.header('retry-after')).toBe(sent.header('retry-after'));
      expect(answer.header('retry-after-ms')).toBe(sent.header('retry-after-ms'));
    }
  },
);

test.each(['context-length', 'content-policy', 'quota', '502-html'])(
  'a named refusal arrives: %s',
  async (fault) => {
    await expectAsSent(await asked(CHAT, `mock/${fault}`));
  },
);

test('when all routes failed, the client gets what the last one said', async () => {
  const answer = await asked(CHAT, 'two');
  expect(simulator.attempts).toHaveLength(2);
  expect(answer.status()).toBe(503);
  expect(answer.header('retry-after')).toBe('17');
  expect(answer.header('content-type')).toBe('text/plain');
  expect((await reportOf(gateway, answer)).status).toBe(503);
});

test('a redirect is no answer for a client: it is a 502 that names no address', async () => {
  for (const code of [301, 302, 303, 307, 308]) {
    const answer = await asked(CHAT, `mock/redirect?code=${code}`);
    expect(answer.status()).toBe(502);
    expect(answer.header('location')).toBeUndefined();
    expect(answer.wire().toString()).not.toContain('127.0.0.1');
  }
});

test("odd headers arrive, except those that belong to the provider's connection", async () => {
  const answer = await asked(CHAT, 'mock/odd-headers');
  expect(answer.status()).toBe(200);
  expect(answer.header('x-duplicate')).toBe('one, two');
  expect(answer.header('x-long')).toHaveLength(4096);
  expect(answer.header('x-ratelimit-remaining-requests')).toBe('42');
  for (const name of ['set-cookie', 'x-foo', 'keep-alive', 'proxy-authenticate']) {
    expect([name, answer.header(name)]).toEqual([name, undefined]);
  }
});

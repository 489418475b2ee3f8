import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';
import { reportOf } from './report.ts';

const LIMIT_MS = 600;
/** The contract allows one second over the limit. The rest is for a busy machine. */
const SOON_MS = LIMIT_MS + 20_000;

/** The ways in which a provider can be silent. */
const SILENCES: Readonly<Record<string, string>> = {
  'before the head': 'mock/silence',
  'after the head': 'mock/headers-silence',
};
const STREAMED_SILENCES: Readonly<Record<string, string>> = {
  ...SILENCES,
  'after the role': 'mock/stall?after=0',
  'but for a comment': 'mock/comments+stall?after=0&every=1',
  'but for a ping': 'mock/pings+stall?after=0&every=1',
};

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  const models = Object.values(STREAMED_SILENCES).map(
    (fault) => `
  "falls ${fault}": { routes: [{ provider: a, model: "${fault}" }, { provider: b, model: proper, priority: 2 }] }
  "alone ${fault}": { routes: [{ provider: a, model: "${fault}" }] }`,
  );
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}/a", timeouts: { first_byte_timeout: ${LIMIT_MS / 1000}, idle_timeout: 0.4 } }
  - { name: b, api_base: "${simulator.url}/b" }
  - { name: hasty, api_base: "${simulator.url}/hasty", timeouts: { request_timeout: 0.5 } }
models: ${models.join('')}
  retried: { routes: [{ provider: a, model: mock/silence }, { provider: b, model: proper, priority: 2 }] }
  slow-but-steady: { routes: [{ provider: a, model: "mock/ok?words=12&pace=10" }] }
  pausing: { routes: [{ provider: a, model: "mock/stall?after=5" }, { provider: b, model: proper, priority: 2 }] }
  endless: { routes: [{ provider: hasty, model: mock/endless }] }
fallback: { cooldown_seconds: 0, retries: 2, retry_backoff: 0.01 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

async function timed(
  api: Api,
  model: string,
  stream: boolean,
): Promise<{ answer: Exchange; tookMs: number }> {
  const startedAt = performance.now();
  const answer = ask(gateway.url, api, api.body(model, { stream }));
  await answer.ended;
  return { answer, tookMs: performance.now() - startedAt };
}

const CASES = APIS.flatMap((api) => [
  ...Object.entries(SILENCES).map(([what, fault]) => ({
    title: `${api.name}, silent ${what}`,
    api,
    fault,
    stream: false,
  })),
  ...Object.entries(STREAMED_SILENCES).map(([what, fault]) => ({
    title: `${api.name}, streamed, silent ${what}`,
    api,
    fault,
    stream: true,
  })),
]);

describe('the fallback answers soon after the limit, and the silent one is asked once', () => {
  for (const { title, api, fault, stream } of CASES) {
    test.concurrent(title, async () => {
      const { answer, tookMs } = await timed(api, `falls ${fault}`, stream);
      expect(await answer.ended).toBe('whole');
      expect(answer.status()).toBe(200);
      expect(tookMs).toBeWithin(LIMIT_MS - 50, SOON_MS);
      const { history } = await reportOf(gateway, answer);
      expect(history.map(({ route }) => route.provider)).toEqual(['a', 'b']);
      expect(history[0]?.outcome).toEqual({ kind: 'timed-out', phase: 'first-byte' });
    });
  }
});

describe('a silent provider without a fallback is a 504, after one attempt', () => {
  for (const { title, api, fault, stream } of CASES) {
    test.concurrent(title, async () => {
      const { answer, tookMs } = await timed(api, `alone ${fault}`, stream);
      expect(await answer.ended).toBe('whole');
      expect(answer.status()).toBe(504);
      expect(tookMs).toBeWithin(LIMIT_MS - 50, SOON_MS);
      expect(JSON.parse(answer.text())).toMatchObject({ error: { code: 'upstream_timeout' } });
      expect((await reportOf(gateway, answer)).history).toHaveLength(1);
    });
  }
});

test('a route that may be tried again is not, when it was silent', async () => {
  const { answer } = await timed(CHAT, 'retried', true);
  expect(answer.status()).toBe(200);
  expect(simulator.attempts.map(({ model }) => model)).toEqual(['mock/silence', 'proper']);
});

test('the connection to the silent provider is closed', async () => {
  await timed(CHAT, 'alone mock/silence', false);
  await until(() => simulator.attempts[0]?.closedByPeerAt);
});

test.each([true, false])('a provider that speaks slowly is not silent (stream: %p)', async (stream) => {
  // Its answer takes twice the limit for its beginning, and as long as three of those for its pauses.
  const { answer } = await timed(CHAT, 'slow-but-steady', stream);
  expect(await answer.ended).toBe('whole');
  expect(answer.status()).toBe(200);
  expect(simulator.attempts).toHaveLength(1);
});

test('silence after content was sent ends the stream with an error; nobody else is asked', async () => {
  const { answer } = await timed(CHAT, 'pausing', true);
  expect(await answer.ended).not.toBe('whole');
  expect(answer.text()).toContain('"error"');
  expect(simulator.attempts).toHaveLength(1);
});

test('the limit for a whole attempt ends a stream that flows', async () => {
  const { answer, tookMs } = await timed(CHAT, 'endless', true);
  expect(await answer.ended).not.toBe('whole');
  expect(tookMs).toBeWithin(400, 20_000);
  await until(() => simulator.attempts[0]?.closedByPeerAt);
});

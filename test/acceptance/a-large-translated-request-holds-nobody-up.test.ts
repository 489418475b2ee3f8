import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { CHAT, MESSAGES_API } from './apis.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';

const prober = new Worker(new URL('./health-prober.ts', import.meta.url).href);
let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
allow_unauthenticated: true
providers: [{ name: up, provider_type: openai, apis: [chat], api_base: "${simulator.url}/v1" }]
models: { m: { routes: [{ provider: up, model: mock/ok }] } }`);
  prober.postMessage({ url: gateway.url });
});
afterAll(async () => {
  prober.terminate();
  await gateway.stop();
  await simulator.stop();
});

/** The slowest answer of `/healthz` since the last look. */
function slowestMs(): Promise<number> {
  return new Promise((resolve) => {
    prober.addEventListener('message', ({ data }: MessageEvent<number>) => resolve(data), { once: true });
    prober.postMessage({});
  });
}

/** On a machine that does nothing else these take less than 100 ms at once; a test shares its machine. */
const MOST_MS = 2_000;

test('a conversation of 8 MB is translated, and holds nobody up', async () => {
  const text = 'The quick brown fox "jumps" over the lazy dog.\n'.repeat(50);
  const messages = Array.from({ length: 3_500 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text }],
  }));
  await slowestMs();
  const response = await gateway.post(
    MESSAGES_API.path,
    MESSAGES_API.body('m', { messages: [...messages, { role: 'user', content: 'Go on' }] }),
  );
  expect(MESSAGES_API.textOf(await response.json())).not.toBe('');
  expect(await slowestMs()).toBeLessThan(MOST_MS);
  expect(simulator.attempts.at(-1)?.path).toEndWith(CHAT.path);
}, 30_000);

test('a body of millions of values is refused before it is parsed', async () => {
  const body = `{"model":"m","max_tokens":9,"messages":[${'[],'.repeat(3_000_000)}[]]}`;
  await slowestMs();
  const response = await fetch(`${gateway.url}${MESSAGES_API.path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('million values')]);
  expect(await slowestMs()).toBeLessThan(MOST_MS);
}, 30_000);

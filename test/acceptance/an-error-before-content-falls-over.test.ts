import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, APIS, CHAT } from './apis.ts';
import { ask, type Exchange, exchange, postOf } from './exchange.ts';
import { reportOf } from './report.ts';

/** Streams that fail before their first content. All of them begin with status 200. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  'an error as the first event': 'mock/error-first',
  'an error, then [DONE]': 'mock/error-first?done=1',
  'comments, then an error': 'mock/error-after-comments',
  'a role or its like, then an error': 'mock/error-after-role',
  'a role, then an error, then [DONE]': 'mock/error-after-role?done=1',
  'comments, a role, then an error': 'mock/comments+error-after-role?every=1',
  'pings, a role, then an error': 'mock/pings+error-after-role?every=1',
  'a role, then an error, all a byte at a time': 'mock/chunks+error-after-role',
  'a role, then an error, compressed': 'mock/gzip+error-after-role',
  'a role, then RST': 'mock/cut-rst?after=0',
  'a role, then FIN': 'mock/cut-fin?after=0',
  'a role, then half an event and FIN': 'mock/cut-fin?after=0&half=1',
  'a role, then FIN within an HTTP chunk': 'mock/cut-chunk?after=0',
  'a role, then the end': 'mock/cut-clean?after=0',
  'comments, a role, then the end': 'mock/comments+cut-clean?after=0&every=1',
  'a role, then silence': 'mock/stall?after=0',
  'nothing at all': 'mock/200-empty',
  'the head, then silence': 'mock/headers-silence',
  'an error object for a stream': 'mock/200-error',
  'an HTML page for a stream': 'mock/200-html',
};

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ words: 30 });
  const models = Object.values(BEGINNINGS)
    .map(
      (fault) => `
  "falls ${fault}": { routes: [{ provider: a, model: "${fault}" }, { provider: b, model: proper, priority: 2 }] }
  "fails ${fault}": { routes: [{ provider: a, model: "${fault}" }, { provider: c, model: "${fault}", priority: 2 }] }
  "switches ${fault}": { routes: [{ provider: a, model: "${fault}" }] }`,
    )
    .join('');
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${simulator.url}/a", timeouts: { first_byte_timeout: 0.4 } }
  - { name: b, api_base: "${simulator.url}/b" }
  - { name: c, api_base: "${simulator.url}/c", timeouts: { first_byte_timeout: 0.4 } }
models: ${models}
  spare: { routes: [{ provider: b, model: proper }] }
fallback:
  cooldown_seconds: 0
  retries: 0
  alias_fallback: { ${Object.values(BEGINNINGS)
    .map((fault) => `"switches ${fault}": [spare]`)
    .join(', ')} }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

function streamed(api: Api, model: string): Exchange {
  const usage = api.path.endsWith('completions') ? { stream_options: { include_usage: true } } : {};
  return ask(gateway.url, api, api.body(model, { stream: true, ...usage }));
}

/** The provider's answer when the same bytes are sent to it directly. */
async function repeated({ path, body }: AttemptRecord): Promise<string> {
  const direct = exchange(simulator.url, postOf(path, body));
  await direct.ended;
  return direct.text();
}

describe.each(APIS.map((api) => [api.name, api] as const))('a stream of %s', (_, api) => {
  test.each(Object.entries(BEGINNINGS))(
    'that begins with %s is answered by the fallback alone',
    async (_, fault) => {
      const answer = streamed(api, `falls ${fault}`);
      expect(await answer.ended).toBe('whole');
      expect(answer.status()).toBe(200);
      expect(answer.header('x-llm-proxy-provider')).toBe('b');
      const attempts = [...simulator.attempts];
      expect(attempts.map(({ path }) => path.slice(0, 2))).toEqual(['/a', '/b']);
      expect(answer.text()).toBe(await repeated(attempts[1]!));
      expect(answer.text()).toMatch(api.saysWhole);
      const report = await reportOf(gateway, answer);
      expect(report).toMatchObject({ ending: 'complete', provider: 'b', status: 200 });
    },
  );

  test.each(Object.entries(BEGINNINGS))(
    'that begins with %s on both routes ends with a status',
    async (_, fault) => {
      const answer = streamed(api, `fails ${fault}`);
      expect(await answer.ended).toBe('whole');
      expect(answer.status()).toBeWithin(500, 600);
      expect(answer.header('content-type')).toStartWith('application/json');
      expect(JSON.parse(answer.text())).toMatchObject({ error: { message: expect.any(String) } });
      expect(simulator.attempts).toHaveLength(2);
      expect((await reportOf(gateway, answer)).ending).toBe('failed');
    },
  );
});

test.each(Object.entries(BEGINNINGS))('a fallback model steps in as well: %s', async (_, fault) => {
  const answer = streamed(CHAT, `switches ${fault}`);
  expect(await answer.ended).toBe('whole');
  expect(answer.header('x-llm-proxy-model')).toBe('spare');
  expect(answer.text()).toBe(await repeated(simulator.attempts[1]!));
});

test('a stream with no text but a reason for its end is an answer, and falls over to nobody', async () => {
  const answer = ask(gateway.url, CHAT, CHAT.body('spare', { stream: true, max_tokens: 0 }));
  expect(await answer.ended).toBe('whole');
  expect(simulator.attempts).toHaveLength(1);
});

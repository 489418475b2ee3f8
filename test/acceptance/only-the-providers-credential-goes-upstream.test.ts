import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { APIS, CHAT, MESSAGES_API } from './apis.ts';
import { exchange, postOf } from './exchange.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  const { url } = simulator;
  gateway = startGateway(`
master_keys: [{ name: ours, key: mk-ours-canary }, { name: other, key: mk-other-canary }]
providers:
  - { name: a, api_base: "${url}/a", api_key: sk-provider-a }
  - { name: b, api_base: "${url}/b", api_key: sk-provider-b }
  - { name: anthropic, api_base: "${url}/anthropic", api_key: sk-ant-provider, provider_type: anthropic }
  - { name: azure, api_base: "${url}/azure", api_key: sk-azure-provider, provider_type: azure }
  - { name: keyless, api_base: "${url}/keyless" }
  - { name: trusting, api_base: "${url}/trusting", forward_client_auth: true }
  - { name: trusting-with-key, api_base: "${url}/owner", api_key: sk-owner, forward_client_auth: true }
  - { name: added, api_base: "${url}/added", api_key: sk-added, headers: { OpenAI-Organization: org-1, X-Custom: ours } }
models:
  falls-over: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: second, priority: 2 }] }
  falls-back: { routes: [{ provider: a, model: mock/401 }] }
  spare: { routes: [{ provider: keyless, model: third }] }
  retried: { routes: [{ provider: b, model: "mock/503?times=1" }] }
  on-anthropic: { routes: [{ provider: anthropic, model: m }] }
  on-azure: { routes: [{ provider: azure, model: m }] }
  on-keyless: { routes: [{ provider: keyless, model: m }] }
  on-trusting: { routes: [{ provider: trusting, model: m }] }
  on-owner: { routes: [{ provider: trusting-with-key, model: m }] }
  on-added: { routes: [{ provider: added, model: m }] }
  redirecting: { routes: [{ provider: a, model: "mock/redirect?location=${url}/elsewhere/v1/chat/completions" }] }
fallback: { cooldown_seconds: 0, retry_backoff: 0.01, alias_fallback: { falls-back: [spare] } }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

/** Everything that a client may send for the gateway alone, or for its connection. None of it may reach a provider. */
const FOR_US = {
  cookie: 'session=cookie-canary',
  'proxy-authorization': 'Basic proxy-canary',
  'proxy-connection': 'keep-alive',
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-host': 'forwarded-canary',
  'x-forwarded-proto': 'https',
  forwarded: 'for=203.0.113.9',
  via: '1.1 via-canary',
  connection: 'keep-alive, x-named-by-connection',
  'x-named-by-connection': 'named-canary',
  'keep-alive': 'timeout=5',
  te: 'trailers',
  trailer: 'x-trailer',
  'x-llm-proxy-provider': 'ignored-canary',
};
const OUR_KEYS = {
  authorization: 'Bearer mk-ours-canary',
  'x-api-key': 'mk-other-canary',
  'api-key': 'mk-other-canary',
  'x-goog-api-key': 'goog-canary',
};
/** Headers that a client may send to a provider. */
const FOR_PROVIDER = {
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'acceptance/1',
  'anthropic-version': '2023-06-01',
  'openai-beta': 'assistants=v2',
  'x-stainless-lang': 'js',
  'idempotency-key': 'abc',
  'x-custom': 'theirs',
};
/** Headers that the connection to the provider itself needs. */
const OF_CONNECTION = ['host', 'connection', 'content-length', 'content-type'];

async function received(
  model: string,
  options: { path?: string; stream?: boolean; headers?: Record<string, string> } = {},
): Promise<readonly AttemptRecord[]> {
  const { path = CHAT.path, stream = false, headers = OUR_KEYS } = options;
  const body = {
    ...CHAT.body(model, { stream }),
    prompt: 'Hi',
    input: 'Hi',
    max_tokens: 100,
  };
  const sent = exchange(
    gateway.url,
    postOf(path, JSON.stringify(body), { ...FOR_US, ...FOR_PROVIDER, ...headers }),
  );
  await sent.ended;
  return simulator.attempts;
}

/** Checks that only allowed fields arrive, with the credential, and that each value is unchanged. */
function expectOnly(
  attempt: AttemptRecord | undefined,
  credential: Record<string, string>,
  custom = 'theirs',
): void {
  const expected = { ...FOR_PROVIDER, 'x-custom': custom, ...credential };
  const { headers = {} } = attempt ?? {};
  expect(Object.keys(headers).sort()).toEqual([...OF_CONNECTION, ...Object.keys(expected)].sort());
  expect(headers).toMatchObject(expected);
  expect(headers['host']).toBe(new URL(simulator.url).host);
  expect(JSON.stringify(attempt?.rawHeaders)).not.toMatch(/canary/);
}

describe.each(APIS.map((api) => [api.name, api] as const))('on %s', (_, { path }) => {
  test.each([true, false])(
    'each provider of a fallback sees its own credential alone (stream: %p)',
    async (stream) => {
      const attempts = await received('falls-over', { path, stream });
      expect(attempts.map((attempt) => attempt.path)).toEqual([`/a${path}`, `/b${path}`]);
      expectOnly(attempts[0], { authorization: 'Bearer sk-provider-a' });
      expectOnly(attempts[1], { authorization: 'Bearer sk-provider-b' });
    },
  );

  test('a fallback model on a provider without a key is sent none', async () => {
    const attempts = await received('falls-back', { path });
    expectOnly(attempts[0], { authorization: 'Bearer sk-provider-a' });
    expectOnly(attempts[1], {});
  });

  test('a retry sees what the first try saw', async () => {
    const attempts = await received('retried', { path });
    expect(attempts).toHaveLength(2);
    for (const attempt of attempts) expectOnly(attempt, { authorization: 'Bearer sk-provider-b' });
  });
});

test.each([
  ['on-anthropic', MESSAGES_API.path, { 'x-api-key': 'sk-ant-provider' }],
  ['on-azure', CHAT.path, { 'api-key': 'sk-azure-provider' }],
  ['on-keyless', CHAT.path, {}],
  ['on-owner', CHAT.path, { authorization: 'Bearer sk-owner' }],
])('the credential is where the provider looks for it: %s', async (model, path, credential) => {
  const [attempt] = await received(model, { path });
  expectOnly(attempt, credential);
});

test('headers that are configured come in place of the client’s', async () => {
  const [attempt] = await received('on-added');
  expectOnly(attempt, { authorization: 'Bearer sk-added', 'openai-organization': 'org-1' }, 'ours');
});

test.each(['/v1/embeddings', '/v1/audio/speech', '/v1/moderations', '/v1/images/generations'])(
  'on %s as well',
  async (path) => {
    const [attempt] = await received('on-added', { path });
    expectOnly(attempt, { authorization: 'Bearer sk-added', 'openai-organization': 'org-1' }, 'ours');
  },
);

describe('a provider that is given the client’s own credential', () => {
  test('gets it where it is none of our keys', async () => {
    const headers = { authorization: 'Bearer mk-ours-canary', 'x-api-key': 'sk-of-the-client' };
    const [attempt] = await received('on-trusting', { headers });
    expectOnly(attempt, { 'x-api-key': 'sk-of-the-client' });
  });

  test('never gets one of our keys, in whichever field it came', async () => {
    const headers = {
      authorization: 'bearer   mk-ours-canary ',
      'x-api-key': 'mk-other-canary',
      'api-key': 'mk-ours-canary',
    };
    const [attempt] = await received('on-trusting', { headers });
    expectOnly(attempt, {});
  });
});

test('a redirect is not followed: nobody else is sent the credential', async () => {
  const attempts = await received('redirecting');
  expect(attempts.length).toBeGreaterThan(0);
  for (const { path } of attempts) expect(path).toStartWith('/a/');
});

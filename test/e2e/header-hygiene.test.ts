import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AttemptRecord } from '../../src/simulator/attempt-log.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

let simulator: Simulator;
let gateway: TestGateway;

const KEY = 'mk-canary-ours';

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  const { url } = simulator;
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${url}/a/v1", api_key: sk-canary-a }
  - { name: b, api_base: "${url}/b/v1", api_key: sk-canary-b }
  - { name: claude, api_base: "${url}/claude/v1", api_key: sk-canary-claude, provider_type: anthropic }
  - { name: azure, api_base: "${url}/azure/v1", api_key: sk-canary-azure, provider_type: azure }
  - { name: keyless, api_base: "${url}/keyless/v1" }
  - { name: forwarding, api_base: "${url}/forwarding/v1", forward_client_auth: true }
  - { name: own, api_base: "${url}/own/v1", api_key: sk-canary-own, forward_client_auth: true }
  - { name: extra, api_base: "${url}/extra/v1", api_key: sk-canary-extra, headers: { X-Team: gateway, OpenAI-Organization: org-1 } }
  - { name: titled, api_base: "${url}/titled/v1", headers: { X-Title: "测试 ☂", X-Latin: "é" } }
master_keys:
  - { name: all, key: ${KEY} }
  - { name: second, key: mk-canary-second }
models:
  m: { routes: [{ provider: a, model: m }] }
  falls: { routes: [{ provider: a, model: mock/500 }, { provider: b, model: good, priority: 2 }] }
  claude: { routes: [{ provider: claude, model: m }] }
  azure: { routes: [{ provider: azure, model: m }] }
  keyless: { routes: [{ provider: keyless, model: m }] }
  forwarding: { routes: [{ provider: forwarding, model: m }] }
  own: { routes: [{ provider: own, model: m }] }
  extra: { routes: [{ provider: extra, model: m }] }
  titled: { routes: [{ provider: titled, model: m }] }
fallback: { retries: 0, cooldown_seconds: 0 }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

type Fields = readonly (readonly [name: string, value: string])[];

const JSON_TYPE: Fields = [['Content-Type', 'application/json']];

/** Sends a chat request with exactly these fields, and returns the headers that the providers received. */
async function received(model: string, fields: Fields, key = KEY): Promise<readonly AttemptRecord[]> {
  const auth: Fields = key === '' ? [] : [['Authorization', `Bearer ${key}`]];
  const request = rawRequest(
    'POST /v1/chat/completions',
    [...auth, ...JSON_TYPE, ...fields],
    JSON.stringify(chat(model)),
  );
  const { status } = await sendRaw(gateway.url, request);
  expect(status).toBe(200);
  return simulator.attempts;
}

/** The headers that every provider receives for a plain chat request. */
function basics({ headers }: AttemptRecord): Record<string, string> {
  return {
    host: new URL(simulator.url).host,
    connection: 'keep-alive',
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'llm-proxy',
    'content-type': 'application/json',
    'content-length': headers['content-length'] ?? 'none',
  };
}

/** Fields that are meant only for the gateway or for the connection. Each value is a canary. */
const NOT_FOR_PROVIDERS: Fields = [
  ['Cookie', 'session=canary'],
  ['Proxy-Authorization', 'Basic canary'],
  ['Proxy-Connection', 'canary'],
  ['X-Forwarded-For', '203.0.113.9, canary'],
  ['X-Forwarded-Host', 'canary.test'],
  ['X-Forwarded-Proto', 'canary'],
  ['X-Real-IP', '203.0.113.9'],
  ['Forwarded', 'for=canary'],
  ['Via', '1.1 canary'],
  ['X-Llm-Proxy-Provider', 'canary'],
  ['X-Llm-Proxy-Request-Id', 'canary'],
  ['Keep-Alive', 'timeout=5, canary'],
  ['TE', 'trailers'],
  ['Trailer', 'X-Canary'],
  ['Upgrade', 'h2c'],
  ['X-Hop', 'canary'],
  ['X-API-Key', 'mk-canary-second'],
  ['Api-Key', 'mk-canary-second'],
  ['X-Goog-Api-Key', 'canary'],
  ['Connection', 'close, X-Hop'],
];

describe('a provider gets exactly what is meant for it', () => {
  test('of a client that says as little as possible', async () => {
    const [attempt, ...more] = await received('m', []);
    expect(more).toEqual([]);
    expect({ ...attempt?.headers }).toEqual({ ...basics(attempt!), authorization: 'Bearer sk-canary-a' });
  });

  test('of a client that sends everything that is not for providers', async () => {
    const [attempt] = await received('m', NOT_FOR_PROVIDERS);
    expect({ ...attempt?.headers }).toEqual({ ...basics(attempt!), authorization: 'Bearer sk-canary-a' });
  });

  test("with the client's own fields as they are", async () => {
    const own = {
      accept: 'text/event-stream',
      'accept-encoding': 'gzip, br',
      'user-agent': 'OpenAI/Python 2.0',
      'openai-beta': 'assistants=v2',
      'anthropic-version': '2023-06-01',
      'x-stainless-retry-count': '0',
      'idempotency-key': 'abc',
      'x-request-id': 'mine',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const [attempt] = await received('m', [...Object.entries(own), ...NOT_FOR_PROVIDERS]);
    expect({ ...attempt?.headers }).toEqual({
      ...basics(attempt!),
      ...own,
      authorization: 'Bearer sk-canary-a',
    });
  });

  test('on a fallback too: the second provider never sees the credential of the first', async () => {
    const [first, second, ...more] = await received('falls', NOT_FOR_PROVIDERS);
    expect(more).toEqual([]);
    expect({ ...first?.headers }).toEqual({ ...basics(first!), authorization: 'Bearer sk-canary-a' });
    expect({ ...second?.headers }).toEqual({ ...basics(second!), authorization: 'Bearer sk-canary-b' });
    expect(second?.path).toStartWith('/b/');
  });

  test('on paths without a body', async () => {
    const fields: Fields = [
      ['Authorization', `Bearer ${KEY}`],
      ...NOT_FOR_PROVIDERS.filter(([name]) => !/provider/i.test(name)),
    ];
    const request = rawRequest('GET /v1/files?limit=2', [...fields, ['X-Llm-Proxy-Provider', 'a']]);
    expect((await sendRaw(gateway.url, request)).status).toBe(200);
    const [attempt] = simulator.attempts;
    expect(attempt?.path).toBe('/a/v1/files?limit=2');
    const { 'content-type': _type, 'content-length': _length, ...rest } = basics(attempt!);
    expect({ ...attempt?.headers }).toEqual({ ...rest, authorization: 'Bearer sk-canary-a' });
  });
});

describe('the credential that a provider gets', () => {
  const cases: [model: string, credentials: Record<string, string>][] = [
    // A translated request, so the gateway sends its own `accept`.
    [
      'claude',
      { 'x-api-key': 'sk-canary-claude', accept: 'application/json', 'anthropic-version': '2023-06-01' },
    ],
    ['azure', { 'api-key': 'sk-canary-azure' }],
    ['keyless', {}],
    ['own', { authorization: 'Bearer sk-canary-own' }],
  ];
  for (const [model, credentials] of cases) {
    test(`${model}: ${Object.keys(credentials).join() || 'none'}`, async () => {
      const [attempt] = await received(model, NOT_FOR_PROVIDERS);
      expect({ ...attempt?.headers }).toEqual({ ...basics(attempt!), ...credentials });
    });
  }

  test("is the client's own where the provider has none and the operator wants that, but never one of our keys", async () => {
    const [attempt] = await received('forwarding', [
      ['X-API-Key', 'their-own'],
      ['Api-Key', 'mk-canary-second'],
      ['X-Goog-Api-Key', KEY],
    ]);
    expect({ ...attempt?.headers }).toEqual({ ...basics(attempt!), 'x-api-key': 'their-own' });
  });

  test('is not repeated to it when the client sends our key twice', async () => {
    const [attempt] = await received('forwarding', [
      ['X-API-Key', KEY],
      ['X-API-Key', KEY],
    ]);
    expect(JSON.stringify(attempt?.rawHeaders)).not.toContain(KEY);
  });
});

test("the fields that the operator adds for a provider replace the client's there, and go nowhere else", async () => {
  const [attempt] = await received('extra', [['X-Team', 'client']]);
  expect({ ...attempt?.headers }).toEqual({
    ...basics(attempt!),
    authorization: 'Bearer sk-canary-extra',
    'x-team': 'gateway',
    'openai-organization': 'org-1',
  });
  simulator.reset();
  const [other] = await received('m', []);
  expect(other?.headers['openai-organization']).toBeUndefined();
});

test('a configured field in any script goes out in UTF-8, and one in Latin-1 as it always did', async () => {
  const [attempt] = await received('titled', []);
  const bytesOf = (name: string): string =>
    Buffer.from(attempt?.headers[name] ?? '', 'latin1').toString('hex');
  expect(bytesOf('x-title')).toBe(Buffer.from('测试 ☂', 'utf8').toString('hex'));
  expect(bytesOf('x-latin')).toBe('e9');
});

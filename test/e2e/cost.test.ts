import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  gateway = startGateway(`
providers:
  - { name: mine, api_base: "${simulator.url}/v1", api_key: sk-mine, discount_percent: 50 }
  - { name: voice, api_base: "${simulator.url}/v1", api_key: sk-voice }
  - { name: dark, api_base: "${simulator.url}/v1", api_key: sk-dark }
models:
  known: { routes: [{ provider: mine, model: mock/ok }] }
  falls-over: { routes: [{ provider: dark, model: mock/500, priority: 1 }, { provider: mine, model: mock/ok, priority: 2 }] }
  unknown: { routes: [{ provider: dark, model: mock/ok }] }
  speech: { routes: [{ provider: voice, model: mock/ok }] }
  failing: { routes: [{ provider: mine, model: mock/500 }] }
prices: { models: { "mine/*": { input: 2, cached: 2, output: 10 }, "voice/*": { character: 15 } } }
`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

let asked = 0;

async function ask(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const response = await gateway.post(path, body, { headers });
  const text = await response.text();
  asked += 1;
  const { cost, usage } = await gateway.ended(asked);
  return { header: response.headers.get('x-llm-proxy-cost'), text, cost, usage };
}

const chat = (model: string, more = {}) => ({
  model,
  messages: [{ role: 'user', content: 'Hello!' }],
  ...more,
});

describe('the cost of a request', () => {
  const bodies: [string, string, object][] = [
    ['chat', '/v1/chat/completions', chat('known')],
    ['responses', '/v1/responses', { model: 'known', input: 'Hello!' }],
    ['messages', '/v1/messages', chat('known', { max_tokens: 50 })],
    ['completions', '/v1/completions', { model: 'known', prompt: 'Hello!' }],
    ['embeddings', '/v1/embeddings', { model: 'known', input: 'Hello!' }],
  ];
  for (const [api, path, body] of bodies) {
    test(`of ${api} stands in the header of a whole answer, as it is recorded`, async () => {
      const { header, cost, usage } = await ask(path, body);
      // Half of $2 and $10 a million tokens.
      const nano = (usage?.inputTokens ?? 0) * 1_000 + (usage?.outputTokens ?? 0) * 5_000;
      expect(nano).toBeGreaterThan(0);
      expect(cost).toMatchObject({ nano, basis: 'provider' });
      expect(header).toBe((nano / 1e9).toFixed(9));
    });
  }

  test('of a batch, which the provider bills later, is unknown and not zero', async () => {
    const batch = { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' };
    const { header, cost } = await ask('/v1/batches', batch, { 'x-llm-proxy-provider': 'mine' });
    expect(header).toBeNull();
    expect(cost).toMatchObject({ nano: undefined, basis: 'provider' });
  });

  test('of a stream is known when it has ended', async () => {
    const { header, cost, usage } = await ask('/v1/chat/completions', chat('known', { stream: true }));
    expect(header).toBeNull();
    expect(cost?.nano).toBe((usage?.inputTokens ?? 0) * 1_000 + (usage?.outputTokens ?? 0) * 5_000);
  });

  test.each(bodies.filter(([api]) => api !== 'embeddings'))(
    'of a stream of %s is a comment behind it, only if the client asks for it',
    async (_, path, body) => {
      // The ids and times of two answers differ.
      const same = (text: string): string => text.replaceAll(/_[0-9a-f]{6,}|-[0-9a-f]{6,}|\b1\d{9}\b/g, '');
      const plain = await ask(path, { ...body, stream: true });
      expect(plain.text).not.toContain('x-llm-proxy-cost');
      const asked = await ask(path, { ...body, stream: true }, { 'x-llm-proxy-cost': 'event' });
      const comment = `: x-llm-proxy-cost ${((asked.cost?.nano ?? 0) / 1e9).toFixed(9)}\n\n`;
      expect(asked.cost?.nano).toBeGreaterThan(0);
      expect(same(asked.text)).toBe(same(plain.text) + comment);
    },
  );

  test('is that of the route that answered', async () => {
    const { header, cost } = await ask('/v1/chat/completions', chat('falls-over'));
    expect(header).not.toBeNull();
    expect(cost?.nano).toBeGreaterThan(0);
  });

  test('is unknown, and never 0, where nobody knows the price', async () => {
    const { header, cost } = await ask('/v1/chat/completions', chat('unknown'));
    expect(header).toBeNull();
    expect(cost).toMatchObject({ nano: undefined, basis: 'provider' });
  });

  test('is estimated by what was sent where the answer reports nothing, as a recording does', async () => {
    const { header, cost } = await ask('/v1/audio/speech', {
      model: 'speech',
      input: 'Good morning!',
      voice: 'alloy',
    });
    // $15 a million characters.
    expect(cost).toMatchObject({ nano: 13 * 15_000, basis: 'estimated' });
    expect(header).toBeNull();
  });

  test('is nothing where no provider answered', async () => {
    expect((await ask('/v1/chat/completions', chat('failing'))).cost).toMatchObject({
      nano: 0,
      basis: 'not-billed',
    });
  });

  test('is counted in metrics, known and unknown', async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(
      /llm_proxy_cost_usd_total\{model="known",provider="mine",api_key_name="none"\} 0?\.?\d/,
    );
    expect(metrics).toMatch(/llm_proxy_cost_unknown_total\{model="unknown",provider="dark"\} 1/);
    expect(metrics).not.toMatch(/llm_proxy_cost_usd_total\{model="unknown"/);
  });

  test('of a stream without a known price, or of a whole answer, is no comment', async () => {
    for (const body of [chat('unknown', { stream: true }), chat('known')]) {
      const { text } = await ask('/v1/chat/completions', body, { 'x-llm-proxy-cost': 'event' });
      expect(text).not.toContain('x-llm-proxy-cost');
    }
  });

  test('of a stream that is a JSON list is no comment, which would break the list', async () => {
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hello!' }] }] };
    const path = '/v1beta/models/known:streamGenerateContent';
    const { text, cost } = await ask(path, body, { 'x-llm-proxy-cost': 'event' });
    expect(cost?.nano).toBeGreaterThan(0);
    expect(JSON.parse(text)).toBeArray();
  });
});

import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from './gateway.ts';

let providers: ReturnType<typeof Bun.serve>[];
let gateway: TestGateway;
let isDown = '';
let made = 0;

beforeAll(() => {
  providers = ['a', 'b'].map((name) =>
    Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => {
        if (isDown === name) return new Response('{}', { status: 503 });
        made += 1;
        return Response.json({
          id: `resp_${name}_${made}`,
          object: 'response',
          status: 'completed',
          output: [{ type: 'message', content: [{ type: 'output_text', text: name }] }],
        });
      },
    }),
  );
  const [a, b] = providers.map(({ url }) => url.origin);
  gateway = startGateway(`
providers:
  - { name: a, api_base: "${a}/v1" }
  - { name: b, api_base: "${b}/v1" }
fallback: { retries: 0, cooldown_seconds: 0 }
load_balancing: { strategy: round_robin }`);
});
afterAll(async () => {
  await gateway.stop();
  for (const provider of providers) await provider.stop(true);
});

async function respond(more: object = {}): Promise<{ id: string; provider: string | null }> {
  const response = await gateway.post('/v1/responses', { model: 'm', input: 'x', ...more });
  const { id } = (await response.json()) as { id: string };
  return { id, provider: response.headers.get('x-llm-proxy-provider') };
}

test('a request that continues a stored response goes to the provider that made it, and elsewhere only when that fails', async () => {
  const first = [await respond(), await respond()];
  expect(new Set(first.map(({ provider }) => provider))).toEqual(new Set(['a', 'b']));
  for (const { id, provider } of first) {
    for (let count = 0; count < 5; count++)
      expect((await respond({ previous_response_id: id })).provider).toBe(provider);
    for (let count = 0; count < 3; count++)
      expect((await respond({ input: [{ content: [{ type: 'input_file', file_id: id }] }] })).provider).toBe(
        provider,
      );
  }
  const unknown = [];
  for (let count = 0; count < 4; count++)
    unknown.push((await respond({ previous_response_id: 'resp_x' })).provider);
  expect(new Set(unknown).size).toBe(2);
  isDown = 'a';
  const ofA = first.find(({ provider }) => provider === 'a');
  expect((await respond({ previous_response_id: ofA?.id })).provider).toBe('b');
});

test('a stored response is read and deleted where it was made', async () => {
  isDown = '';
  const { id, provider } = await respond();
  for (const method of ['GET', 'DELETE']) {
    const response = await fetch(`${gateway.url}/v1/responses/${id}`, { method });
    expect(response.headers.get('x-llm-proxy-provider')).toBe(provider);
  }
});

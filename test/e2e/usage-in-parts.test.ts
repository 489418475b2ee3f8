import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from './gateway.ts';

/** The report that the provider gives. */
let reported: object = {};

const TEXT = 'The quick brown fox jumps over the lazy dog, and comes back for more of it.';

const provider = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { stream = false } = (await request.json()) as { readonly stream?: boolean };
    const base = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm' };
    const choice = { index: 0, finish_reason: 'stop' };
    if (!stream)
      return Response.json({
        ...base,
        choices: [{ ...choice, message: { role: 'assistant', content: TEXT } }],
        usage: reported,
      });
    const chunks = [
      { ...base, choices: [{ ...choice, delta: { role: 'assistant', content: TEXT } }] },
      { ...base, choices: [], usage: reported },
    ];
    const events = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'];
    return new Response(events.map((data) => `data: ${data}\n\n`).join(''), {
      headers: { 'content-type': 'text/event-stream' },
    });
  },
});

let gateway: TestGateway;

beforeAll(() => {
  const prices = "prices: {models: {'a/*': {input: 1.00, output: 10.00}}}";
  gateway = startGateway(`${prices}\nproviders: [{name: a, api_base: "${provider.url.origin}/v1"}]`);
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop(true);
});

async function ask(stream: boolean) {
  const before = gateway.events.filter(({ type }) => type === 'request-ended').length;
  const response = await gateway.post('/v1/chat/completions', {
    model: 'm',
    stream,
    messages: [{ role: 'user', content: 'Tell me about the fox that jumps.' }],
  });
  await response.text();
  const { usage, isUsageEstimated, cost } = await gateway.ended(before + 1);
  return {
    input: usage?.inputTokens ?? 0,
    output: usage?.outputTokens ?? 0,
    isUsageEstimated,
    cost,
    response,
  };
}

test.each([false, true])(
  'tokens that are not reported are estimated, and paid for; stream: %p',
  async (stream) => {
    reported = { prompt_tokens: 7 };
    const output = await ask(stream);
    expect(output.input).toBe(7);
    expect(output.output).toBeWithin(10, 30);
    expect(output.isUsageEstimated).toBe(true);
    expect(output.cost?.nano).toBe(7 * 1000 + output.output * 10_000);
    expect(output.response.headers.get('x-llm-proxy-cost')).toBeNull();
    reported = { completion_tokens: 19 };
    const input = await ask(stream);
    expect(input.output).toBe(19);
    expect(input.input).toBeWithin(5, 20);
    expect(input.isUsageEstimated).toBe(true);
  },
);

test.each([false, true])('a total tells the one that is not reported; stream: %p', async (stream) => {
  reported = { prompt_tokens: 7, total_tokens: 18 };
  expect(await ask(stream)).toMatchObject({ input: 7, output: 11, isUsageEstimated: false });
  reported = { completion_tokens: 19, total_tokens: 30 };
  expect(await ask(stream)).toMatchObject({ input: 11, output: 19, isUsageEstimated: false });
  reported = { total_tokens: 30 };
  expect(await ask(stream)).toMatchObject({ input: 30, output: 0, isUsageEstimated: false });
});

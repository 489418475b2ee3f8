import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;
let asked = 0;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers:
  - { name: plain, api_base: "${simulator.url}/v1" }
  - { name: claude, provider_type: anthropic, api_base: "${simulator.url}" }
models:
  plain: { routes: [{ provider: plain, model: mock/ok }] }
  claude: { routes: [{ provider: claude, model: mock/ok }] }
prices: { models: { "*/*": { input: 1, output: 10 } } }
spend: { journal: memory }
limits: [{ tokens: 1M, per: day }, { cost: 1, per: day }]
allow_unauthenticated: true
`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

/** The use of both limits, in tokens and nano-dollars. */
async function used(): Promise<readonly [tokens: number, nano: number]> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const ratio = (limit: string): number =>
    Number(new RegExp(`limit_used_ratio{[^}]*limit="${limit}"} (\\S+)`).exec(text)?.[1] ?? 0);
  return [Math.round(ratio('tokens/day') * 1e6), Math.round(ratio('cost/day') * 1e9)];
}

const HELLO = 'Good morning to you!';
const MESSAGES = [{ role: 'user', content: HELLO }];
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: HELLO }] }] };

const CALLS: readonly (readonly [api: string, (model: string) => readonly [path: string, body: object]])[] = [
  ['chat', (model) => ['/v1/chat/completions', { model, messages: MESSAGES }]],
  ['a streamed chat', (model) => ['/v1/chat/completions', { model, messages: MESSAGES, stream: true }]],
  ['messages', (model) => ['/v1/messages', { model, messages: MESSAGES, max_tokens: 50 }]],
  [
    'streamed messages',
    (model) => ['/v1/messages', { model, messages: MESSAGES, max_tokens: 50, stream: true }],
  ],
  ['a response', (model) => ['/v1/responses', { model, input: HELLO }]],
  ['a streamed response', (model) => ['/v1/responses', { model, input: HELLO, stream: true }]],
  ['a completion', (model) => ['/v1/completions', { model, prompt: HELLO }]],
  ['a streamed completion', (model) => ['/v1/completions', { model, prompt: HELLO, stream: true }]],
  ['Gemini', (model) => [`/v1beta/models/${model}:generateContent`, CONTENTS]],
  ['a stream of Gemini', (model) => [`/v1beta/models/${model}:streamGenerateContent?alt=sse`, CONTENTS]],
  ['a list of Gemini', (model) => [`/v1beta/models/${model}:streamGenerateContent`, CONTENTS]],
];

describe.each(['plain', 'claude'])('a request to %s moves every limit by what it used', (model) => {
  test.each(CALLS)('in %s', async (_, call) => {
    const [path, body] = call(model);
    const before = await used();
    const response = await gateway.post(path, body);
    await response.text();
    const { usage, status } = await gateway.ended((asked += 1));
    const [input, output] = [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0];
    expect([status, input > 0, output > 1]).toEqual([200, true, true]);
    const after = await used();
    expect([after[0] - before[0], after[1] - before[1]]).toEqual([
      input + output,
      input * 1000 + output * 10_000,
    ]);
  });
});

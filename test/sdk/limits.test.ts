import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk';
import OpenAI, { APIError } from 'openai';
import { expect, test } from 'bun:test';
import { rejection, startStageWith, UPSTREAM_KEY, useStage } from './stage.ts';

const LIMITS = {
  spent: '[{ cost: 0, per: month }]',
  // A request holds all 30 tokens, and uses some 6, which take more than a second to come back.
  short: '[{ tokens: 4, per: second, burst: 30 }]',
};

const keys = Object.entries(LIMITS).flatMap(([name, limits]) =>
  ['openai', 'anthropic'].map(
    (sdk) => `  - { name: ${name}-${sdk}, key: mk-${name}-${sdk}, limits: ${limits} }`,
  ),
);

const stage = await useStage(
  startStageWith(`
providers:
  - { name: main, api_base: "URL/v1", api_key: ${UPSTREAM_KEY}, model_mapping: { m: mock-chat } }
  - { name: claude, provider_type: anthropic, api_base: "URL/v1", api_key: ${UPSTREAM_KEY}, model_mapping: { c: mock-claude } }
prices: { catalogue: "off", models: { "*/*": { input: 3, output: 15 } } }
fallback: { retries: 0, cooldown_seconds: 0 }
spend: { journal: memory }
master_keys:
${keys.join('\n')}
`),
);

const openai = (limit: string): OpenAI =>
  new OpenAI({ baseURL: stage.baseUrl, apiKey: `mk-${limit}-openai`, maxRetries: 3 });
const anthropic = (limit: string): Anthropic =>
  new Anthropic({ baseURL: stage.gateway.url, apiKey: `mk-${limit}-anthropic`, maxRetries: 3 });

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

const ASKS: Readonly<Record<string, (limit: string) => Promise<unknown>>> = {
  openai: (limit) => openai(limit).chat.completions.create({ model: 'm', max_tokens: 5, messages: MESSAGES }),
  anthropic: (limit) => anthropic(limit).messages.create({ model: 'c', max_tokens: 5, messages: MESSAGES }),
};

for (const [sdk, ask] of Object.entries(ASKS)) {
  test(`${sdk}: a client whose budget is used up asks once`, async () => {
    const error = await rejection(ask('spent'));
    expect(error instanceof APIError || error instanceof AnthropicError).toBe(true);
    expect(error).toMatchObject({ status: 429 });
    expect(JSON.stringify((error as APIError).error)).toContain('"id":"cost/month"');
    // A retry would come within seconds.
    await Bun.sleep(1_500);
    const ended = await stage.ended();
    expect(ended.map(({ status, code }) => [status, code])).toEqual([[429, 'budget_exceeded']]);
  });

  test(`${sdk}: a client over a limit of tokens waits as long as it is told, and is then served`, async () => {
    await ask('short');
    await ask('short');
    const statuses = (await stage.ended(3)).map(({ status }) => status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(200);
    expect(statuses).toContain(429);
    expect(stage.simulator.attempts).toHaveLength(2);
  });
}

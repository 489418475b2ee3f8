import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk';
import OpenAI, { APIError } from 'openai';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { findPython, missingModules } from '../docs/python.ts';
import { rejection, startStageWith, UPSTREAM_KEY, useStage } from './stage.ts';

const LIMITS = {
  spent: '[{ cost: 0, per: month }]',
  // A request holds all 30 tokens, and uses some 6, which take more than a second to come back.
  short: '[{ tokens: 4, per: second, burst: 30 }]',
};

const keys = Object.entries(LIMITS).flatMap(([name, limits]) =>
  ['openai', 'anthropic', 'py-openai', 'py-anthropic'].map(
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

const PROGRAM = join(import.meta.dir, '../clients/python/limits.py');
const python = findPython();
const missing = python === undefined ? ['Python'] : missingModules(python, await Bun.file(PROGRAM).text());
if (missing.length > 0) console.log(`Not installed: ${missing.join(', ')}. ${PROGRAM} is skipped.`);

test.skipIf(missing.length > 0)('in Python, both do the same', async () => {
  const program = Bun.spawn([python ?? '', PROGRAM, stage.gateway.url, 'mk'], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await program.stdout.text()).toBe('429 cost/month\n429 cost/month\n');
  expect(await program.exited).toBe(0);
  const ended = await stage.ended(8);
  for (const sdk of ['openai', 'anthropic']) {
    const statusesOf = (limit: string): number[] =>
      ended.filter(({ keyName }) => keyName === `${limit}-py-${sdk}`).map(({ status }) => status);
    expect([sdk, ...statusesOf('spent')]).toEqual([sdk, 429]);
    const short = statusesOf('short');
    expect([short[0], short.at(-1), short.includes(429)]).toEqual([200, 200, true]);
    // One that ignores how long to wait asks again after half a second, and then after a second.
    expect(short.filter((status) => status === 429).length).toBeLessThanOrEqual(2);
  }
  expect(stage.simulator.attempts).toHaveLength(4);
});

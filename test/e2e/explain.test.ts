import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './process.ts';

const SEED_B = join(import.meta.dir, '..', 'golden', 'config', 'seed-b.yaml');
const OPUS = 'anthropic/claude-opus-4-5';

async function explain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const program = startProcess(['explain', '-config', SEED_B, ...args]);
  const code = await program.exited;
  return { code, out: program.stdout(), err: program.stderr() };
}

test('explain names the routes in order, with their odds, and what is left out and why', async () => {
  const { code, out } = await explain('--model', OPUS);
  expect(code).toBe(0);
  expect(out).toMatch(/1\. priority 1\s+100\.0 %\s+provider-a → claude-opus-4-5/);
  expect(out).toMatch(/2\. priority 1 of the fallback model anthropic\/claude-sonnet-4-5/);
  expect(out).toContain('provider-b/claude-opus-4-5: the provider is disabled');
  expect(out).toContain('fallback google/gemini-3-pro-preview: nothing serves it');
  expect(out).toContain('At most 3 attempts');
});

test('explain can be asked what happens when a provider is down', async () => {
  const { out } = await explain('--model', OPUS, '--down', 'provider-a');
  expect(out).toContain('provider-a/claude-sonnet-4-5: it is cooling down for another 300 s');
});

test('explain says which refusal a request would get', async () => {
  expect(await explain('--model', 'unknown')).toMatchObject({ code: 1, err: expect.stringContaining('404') });
  const wrongKey = await explain('--model', OPUS, '--key', 'sk-wrong');
  expect(wrongKey).toMatchObject({ code: 1, err: expect.stringContaining('401') });
  expect((await explain('--model', OPUS, '--key', 'sk-your-unified-api-key')).code).toBe(0);
  expect((await explain('--model', OPUS, '--key', 'default')).code).toBe(0);
});

test('explain says what the translation of a body would lose on each route', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-explain-'));
  const config = join(folder, 'config.yaml');
  const body = join(folder, 'body.json');
  await Bun.write(
    config,
    `allow_unauthenticated: true
providers: [{name: claude, provider_type: anthropic}, {name: gpu, api_base: "http://gpu:8000/v1", apis: [chat]}]
models: {m: {routes: [{provider: claude, model: claude-opus-5-5}, {provider: gpu, model: g}]}}`,
  );
  await Bun.write(body, '{"model":"m","seed":1,"logprobs":true,"messages":[{"role":"user","content":"hi"}]}');
  const ask = async (...args: string[]) => {
    const program = startProcess(['explain', '--config', config, '--model', 'm', ...args]);
    return { code: await program.exited, out: program.stdout(), err: program.stderr() };
  };
  const { code, out } = await ask('--body', body);
  expect(code).toBe(0);
  expect(out).toContain('openai-chat>messages: not sent, because of logprobs');
  expect(out).toContain('dropped seed');
  expect(out).toContain('this body is not translated');
  expect(await ask('--body', join(folder, 'none'))).toMatchObject({ code: 2, out: '' });
  await Bun.write(body, '{"model":"m"}');
  expect(await ask('--body', body)).toMatchObject({ code: 2, err: expect.stringContaining('messages') });
  await rm(folder, { recursive: true });
});

test('explain takes a file that the gateway would fetch as sent, and fetches nothing', async () => {
  let fetched = 0;
  const files = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(`${++fetched}`) });
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-explain-'));
  const [config, body] = [join(folder, 'config.yaml'), join(folder, 'body.json')];
  const image = { type: 'image_url', image_url: { url: `http://127.0.0.1:${files.port}/a.png` } };
  await Bun.write(body, JSON.stringify({ model: 'm', messages: [{ role: 'user', content: [image] }] }));
  const said = async (more: string): Promise<string> => {
    const providers = `[{name: gem, provider_type: gemini, api_key: k}]`;
    const models = `{m: {routes: [{provider: gem, model: gemini-3-pro}]}}`;
    await Bun.write(
      config,
      `allow_unauthenticated: true\nproviders: ${providers}\nmodels: ${models}\n${more}`,
    );
    const program = startProcess(['explain', '--config', config, '--model', 'm', '--body', body]);
    expect(await program.exited).toBe(0);
    return program.stdout();
  };
  expect(await said('')).toContain('openai-chat>gemini: not sent, because of messages[0].content[0]');
  expect(await said('translation: {fetch_media: true}')).toContain('openai-chat>gemini: nothing is lost');
  expect(fetched).toBe(0);
  await files.stop(true);
  await rm(folder, { recursive: true });
});

test('explain says what a cloud that carries the Messages API does not take', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-explain-'));
  const [config, body] = [join(folder, 'config.yaml'), join(folder, 'body.json')];
  await Bun.write(
    config,
    `allow_unauthenticated: true
providers: [{name: aws, provider_type: bedrock, region: us-east-1, api_key: k}]
models: {m: {routes: [{provider: aws, model: "anthropic.claude-sonnet-4-5-20250929-v1:0"}]}}`,
  );
  const said = async (content: object): Promise<string> => {
    const sample = {
      model: 'm',
      max_tokens: 9,
      context_management: {},
      messages: [{ role: 'user', content: [content] }],
    };
    await Bun.write(body, JSON.stringify(sample));
    const args = ['--config', config, '--model', 'm', '--api', 'messages', '--body', body];
    const program = startProcess(['explain', ...args]);
    expect(await program.exited).toBe(0);
    return program.stdout();
  };
  const told = await said({ type: 'text', text: 'hi' });
  expect(told).toContain('messages>messages@bedrock: sent, with these losses');
  expect(told).toContain('dropped context_management');
  const image = { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } };
  expect(await said(image)).toContain(
    'messages>messages@bedrock: not sent, because of messages[0].content[0]',
  );
  await rm(folder, { recursive: true });
});

test('explain without a model is wrong usage', async () => {
  expect(await explain()).toMatchObject({ code: 2, err: expect.stringContaining('--model') });
});

test('explain names every limit that holds for the key and the model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-explain-'));
  try {
    const path = join(folder, 'config.yaml');
    await Bun.write(
      path,
      `providers: [{ name: a, api_base: "http://127.0.0.1" }]
models: { m: { routes: [{ backend: a, model: m }] } }
limits: [{ cost: 9, per: day, models: [other] }, { concurrent: 500 }]
teams: [{ name: search, limits: [{ tokens: 400k, per: minute }] }]
master_keys: [{ name: app, key: sk-app, team: search, limits: [{ cost: 50, per: month }] }]`,
    );
    const program = startProcess(['explain', '--config', path, '--model', 'm', '--key', 'app']);
    expect(await program.exited).toBe(0);
    expect(program.stdout()).toContain(`Limits, all of which hold:
  key "app": $50 a month (UTC, from the 1st), counted by this machine, kept in .llm-proxy/spend.db
  team "search": 400,000 tokens a minute; up to 800,000 in the minute after a pause (burst)
  the gateway: 500 requests under way at a time, counted by this machine
`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

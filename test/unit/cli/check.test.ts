import { afterEach, beforeEach, expect, type Mock, spyOn, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../../src/cli/run-command.ts';

const SEED_B = fileURLToPath(new URL('../../golden/config/seed-b.yaml', import.meta.url));

let out: Mock<typeof console.log>;
let err: Mock<typeof console.error>;

beforeEach(() => {
  out = spyOn(console, 'log').mockImplementation(() => undefined);
  err = spyOn(console, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  out.mockRestore();
  err.mockRestore();
});

const printed = (stream: Mock<typeof console.log>) =>
  stream.mock.calls.map(([line]) => String(line)).join('\n');

test('a valid file is shown as the routes it comes to, and exits 0', async () => {
  expect(await runProgram(['check', '--config', SEED_B])).toBe(0);
  const text = printed(out);
  expect(text).toContain('anthropic/claude-opus-4-5  (random)');
  expect(text).toContain('priority 1  provider-a → claude-opus-4-5  weight 1  100.0 %');
  expect(text).toContain('then anthropic/claude-sonnet-4-5');
  expect(text).toContain('default  sk-yo****-key  enabled  all models  no limit');
  expect(text).not.toContain('sk-your-unified-api-key');
  expect(text).not.toContain('sk-real-api-key-a');
});

test('the file may be named in the ways that both READMEs and people use', async () => {
  expect(await runProgram(['check', '-config', SEED_B])).toBe(0);
  expect(await runProgram(['check', `-config=${SEED_B}`])).toBe(0);
  expect(await runProgram(['check', SEED_B])).toBe(0);
});

test('a file that is not valid exits 1 and says why on standard error only', async () => {
  expect(await runProgram(['check', 'nowhere.yaml'])).toBe(1);
  expect([printed(out), printed(err)]).toEqual(['', 'nowhere.yaml  does not exist.']);
});

test('wrong usage exits 2 and says where to find the right one', async () => {
  for (const args of [['--bogus'], ['--port', 'x', SEED_B], [SEED_B, SEED_B], ['--config']]) {
    expect(await runProgram(['check', ...args])).toBe(2);
  }
  expect(printed(err)).toContain('llm-proxy check --help');
});

test('help exits 0', async () => {
  expect(await runProgram(['check', '--help'])).toBe(0);
  expect(printed(out)).toContain('Exit codes');
});

test('each route says which client APIs pass and which are translated', async () => {
  const file = `${tmpdir()}/check-apis-${process.pid}.yaml`;
  await Bun.write(
    file,
    `allow_unauthenticated: true
providers:
  - {name: claude, provider_type: anthropic}
  - {name: gpu, api_base: "http://gpu:8000/v1", apis: [chat, messages]}
  - {name: any, api_base: "http://any:8000/v1"}
models:
  m: {routes: [{provider: claude, model: c}, {provider: gpu, model: g}, {provider: any, model: a}]}`,
  );
  expect(await runProgram(['check', file])).toBe(0);
  const text = printed(out);
  expect(text).toContain(
    'claude → c  untouched: messages; translated: chat, completions, responses, gemini to messages; not served: embeddings',
  );
  expect(text).toContain(
    'gpu → g     untouched: chat, messages; translated: completions, responses, gemini to chat',
  );
  expect(text).toContain(
    'any → a     untouched: embeddings; untouched, or translated if the provider lacks it: chat,',
  );
});

test('each limit is said in plain words, those of users and end users once, and where use is counted', async () => {
  const file = `${tmpdir()}/check-limits-${process.pid}.yaml`;
  await Bun.write(
    file,
    `server: { host: 127.0.0.1 }
providers:
  - { name: openai, api_base: "https://api.openai.com/v1" }
  - { name: vllm, api_base: "http://127.0.0.1:8000/v1" }
models:
  gpt-4o: { routes: [{ backend: openai, model: gpt-4o }] }
  local: { routes: [{ backend: vllm, model: Qwen }] }
teams:
  - { name: search, limits: [{ tokens: 100k, per: minute }], per_user: [{ cost: 5, per: day }] }
users: [{ name: alice, limits: [{ cost: 100, per: total, hold: maximum }] }]
master_keys:
  - { name: app, key: "${'a7-Kq2'.repeat(8)}", limits: [{ cost: 50, per: month }] }
  - { name: one, key: "${'b7-Kq2'.repeat(8)}", team: search, user: alice, allowed_models: [gpt-4o], expires_at: "2099-01-01T00:00:00Z" }
  - { name: two, key: "${'c7-Kq2'.repeat(8)}", team: search, per_end_user: [{ requests: 30, per: minute, burst: 5 }] }
limits: [{ input_tokens: 2M, per: week, models: ["gpt-*"], count_cached: false }, { concurrent: 1, on_exceed: warn }]
`,
  );
  try {
    expect(await runProgram(['check', file])).toBe(0);
    const text = printed(out);
    const kept = 'counted by this machine, kept in .llm-proxy/spend.db';
    for (const line of [
      `key "app": $50 a month (UTC, from the 1st), ${kept}`,
      `user "alice": $100 in total, never passed (hold: maximum), ${kept}`,
      'team "search": 100,000 tokens a minute; up to 200,000 in the minute after a pause (burst)',
      'each end user of key "two": 30 requests a minute; up to 35 in the minute after a pause (burst)',
      `the gateway: 2,000,000 input tokens a week (UTC, from Monday), for gpt-* only, cached tokens not counted, ${kept}`,
      'the gateway: 1 request under way at a time, only warns, counted by this machine',
      'Each replica counts limits for itself: N replicas allow up to N times a limit.',
      '1 key of team "search" has no user: it counts as a user of its own.',
      'Key "app" has a budget, and 1 of its 2 models has no known price: it is refused (price_unknown): local. Write under prices.models: "vllm/Qwen": {input: …, output: …}, in dollars a million tokens, or {free: true}.',
    ])
      expect(text).toContain(`  ${line}\n`.trimEnd());
    expect(text.split(`each user of team "search": $5 a day (UTC), ${kept}`)).toHaveLength(2);
    expect(text).toMatch(
      /one .* gpt-4o +limits below, team search, user alice, expires 2099-01-01T00:00:00Z/,
    );
  } finally {
    await Bun.file(file).delete();
  }
});

test('a budget whose journal cannot be written is an error, as it is at the start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-check-'));
  const blocker = join(folder, 'file');
  writeFileSync(blocker, '');
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `providers: [{ name: p, api_base: "http://127.0.0.1:9/v1", api_key: sk-test-0123456789 }]
limits: [{ cost: 5, per: month }]
spend: { journal: "${join(blocker, 'journal')}" }
allow_unauthenticated: true
`,
  );
  expect(await runProgram(['check', config])).toBe(1);
  expect(printed(err)).toContain('need a writable folder for spend.journal');
  rmSync(folder, { recursive: true });
});

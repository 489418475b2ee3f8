import { afterEach, beforeEach, expect, type Mock, spyOn, test } from 'bun:test';
import { tmpdir } from 'node:os';
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

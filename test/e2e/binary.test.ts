import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import manifest from '../../package.json' with { type: 'json' };
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type BuiltProgram, buildProgram } from './built-program.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat, until } from './gateway.ts';
import { openStreams } from './open-streams.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { startProcess, type TestProcess } from './process.ts';

const ROOT = join(import.meta.dir, '..', '..');

let built: BuiltProgram;
/** The program's working directory, empty except for a test's own files. */
let folder: string;
let simulator: Simulator;
const started: TestProcess[] = [];

beforeAll(async () => {
  built = await buildProgram();
});
afterAll(() => built.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-empty-'));
  simulator = await startSimulator({ strict: true });
});
afterEach(async () => {
  for (const each of started.splice(0)) {
    each.kill('SIGKILL');
    await each.exited;
  }
  await simulator.stop();
  await rm(folder, { recursive: true });
});

/** Starts only this file. It can find no Node.js, no Bun and no other program. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): TestProcess {
  const running = startProcess(args, {
    program: built.path,
    cwd: folder,
    env: { PATH: folder, HOME: folder, ...env },
  });
  started.push(running);
  return running;
}

async function ended(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const run = start(args, env);
  const code = await run.exited;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${run.stderr()}`);
  return run.stdout();
}

/** The address of a gateway that was started with these arguments. */
async function listening(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const running = start([...args, '--host', '127.0.0.1', '--port', '0'], env);
  return (await running.printed(/(?:listening on|gateway) +(http:\/\/[^\s/]+)/))[1] ?? '';
}

function ask(url: string, key: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function configure(text: string): Promise<void> {
  await Bun.write(join(folder, 'config.yaml'), text);
}

test('it knows its version and its commands', async () => {
  expect(await ended(['--version'])).toBe(`${manifest.version}\n`);
  expect(await ended(['--help'])).toContain('Usage: llm-proxy');
});

test('without a configuration it starts the demo, whose stream comes to its end', async () => {
  const answer = await ask(await listening([]), 'sk-demo-key', chat('demo', { stream: true }));
  expect(await answer.text()).toEndWith('data: [DONE]\n\n');
});

describe.each([
  ['the first README', 'seed-a.yaml', 'sk-prod-key', 'gpt-4o'],
  ['the second README', 'seed-b.yaml', 'sk-your-unified-api-key', 'anthropic/claude-opus-4-5'],
])('the configuration of %s', (_, file, key, model) => {
  test('is checked, and serves a stream to its end', async () => {
    const text = await Bun.file(join(ROOT, 'test/golden/config', file)).text();
    await configure(text.replaceAll(/https:\/\/api\.[a-z.-]+\/v1/g, `${simulator.url}/v1`));
    expect(await ended(['check', 'config.yaml'])).toContain(simulator.url);
    const answer = await ask(await listening(['-config', 'config.yaml']), key, chat(model, { stream: true }));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toEndWith('data: [DONE]\n\n');
  });
});

test('the mock provider runs', async () => {
  const [, url = ''] = await start(['mock', '--port', '0']).printed(/listens on (http:\/\/[^\s/]+)/);
  expect(await (await ask(url, 'any', chat('mock/ok'))).json()).toMatchObject({ choices: [{}] });
});

test('a SQLite database is migrated, and filled over the Admin API', async () => {
  const env = { DB_URL: 'sqlite://proxy.db', ADMIN_KEY };
  await ended(['migrate', 'up'], env);
  expect(await ended(['migrate', 'version'], env)).toMatch(/\d/);
  const url = await listening(['--no-migrate'], env);
  const answer = await fetch(`${url}/admin/v1/providers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'a', api_base: `${simulator.url}/v1`, api_key: 'sk-1' }),
  });
  expect(answer.status).toBe(201);
  const document = await fetch(`${url}/admin/v1/openapi.json`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  expect(await document.json()).toMatchObject({ info: { version: manifest.version } });
});

test('the page about the API is served with all that it asks for', async () => {
  const url = await listening([]);
  const page = await (await fetch(`${url}/docs`)).text();
  const parts = [...page.matchAll(/(?:src|href)="([^"#:]+)"/g)].map(([, path]) => path ?? '');
  expect(parts.length).toBeGreaterThan(1);
  for (const path of [...parts, 'openapi.json']) {
    const answer = await fetch(new URL(path, `${url}/`));
    expect(`${path} ${answer.status} ${(await answer.text()) === ''}`).toBe(`${path} 200 false`);
  }
});

test.each(['1', '2'])('large bodies are translated by the thread, with %s processes', async (workers) => {
  const provider = `{ name: a, provider_type: openai, apis: [chat], api_base: "${simulator.url}/v1" }`;
  const models = `models: { m: { routes: [{ provider: a, model: mock/ok }] } }`;
  await configure(`allow_unauthenticated: true\nproviders: [${provider}]\n${models}`);
  const url = await listening(['--workers', workers]);
  const content = 'A sentence of some words. '.repeat(100_000);
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content }] }),
  });
  // A thread that cannot be loaded fails the request.
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ type: 'message' })]);
});

test('tokens that a provider does not report are counted by the thread, and not guessed', async () => {
  await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]`);
  const url = await listening([]);
  const content =
    'A long word such as internationalisation is more than one token, and so are these: 北京, 東京.';
  const messages = [{ role: 'user', content }];
  const counted = countTokens(content);
  // A failing thread would lead to the estimate of four characters a token.
  expect(Math.ceil(content.length / 4)).not.toBe(counted);
  const promptTokens = async (): Promise<number> => {
    const page = await (await fetch(`${url}/metrics`)).text();
    return Number(/^llm_proxy_tokens_total\{.*token_type="prompt".*\} (\d+)$/m.exec(page)?.[1] ?? 0);
  };
  // The thread has one second to answer. On a busy machine its start may take that long, and then the count is estimated.
  await untilAsync(async () => {
    const before = await promptTokens();
    await (await ask(url, 'any', { model: 'mock/usage-absent', messages, stream: true })).text();
    const after = await untilAsync(async () => {
      const tokens = await promptTokens();
      return tokens > before ? tokens : null;
    });
    return after - before === counted || null;
  });
});

test('spans are sent to a receiver of OpenTelemetry', async () => {
  const receiver = startOtlpReceiver();
  await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]`);
  const url = await listening([], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  await (await ask(url, 'any', chat('mock/ok'))).text();
  await until(() => receiver.spans.length > 0 || undefined);
  await receiver.stop();
});

test('400 streams are open at the same time, though nobody set up its environment', async () => {
  expect(await openStreams(400, { program: built.path, env: { PATH: folder } })).toBe(400);
});

test('it stays one process under the number that it was started with, and a signal ends it in order', async () => {
  await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]`);
  const running = start(['--port', '0', '--host', '127.0.0.1']);
  await running.printed(/listening on/);
  const children = Bun.spawnSync(['pgrep', '-P', String(running.pid)]).stdout.toString();
  expect(children).toBe('');
  running.kill('SIGTERM');
  expect(await running.exited).toBe(0);
});

test.skipIf(process.platform !== 'linux')(
  'several processes are the same file, and end with it',
  async () => {
    await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]`);
    const running = start(['--workers', '2', '--host', '127.0.0.1', '--port', '0']);
    const [, url = ''] = await running.printed(/listening on (http:\/\/\S+)/);
    expect((await ask(url, 'any', chat('mock/ok'))).status).toBe(200);
    const children = Bun.spawnSync(['pgrep', '-P', String(running.pid)])
      .stdout.toString()
      .trim()
      .split('\n');
    const programs = children.map((pid) => realpathSync(`/proc/${pid}/exe`));
    expect(programs).toEqual([built.path, built.path]);
    running.kill('SIGTERM');
    expect(await running.exited).toBe(0);
    expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  },
);

test.skipIf(process.platform !== 'linux')(
  'what a start needs of its bytecode lies together, as the build has recorded it',
  async () => {
    await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]\nlogging: { format: json }`);
    const running = start(['--host', '127.0.0.1', '--port', '0']);
    const [, url = ''] = await running.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
    expect((await ask(url, 'any', chat('mock/ok'))).status).toBe(200);
    const maps = (await Bun.file(`/proc/${running.pid}/smaps`).text()).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    // The runtime's constants are in the file's writable segment as well, and take less than a megabyte.
    const data = maps.filter((text) => / rw-p /.test(text) && text.includes(built.path));
    const residentKb = data.map((text) => Number(/^Rss:\s+(\d+) kB$/m.exec(text)?.[1]));
    const sum = residentKb.reduce((one, other) => one + other, 0);
    expect(sum).toBeGreaterThan(1_000);
    // Without a record it is 9 MB, with one 4.
    expect(sum).toBeLessThan(6_500);
  },
);

test('files for Bun and for shells in its folder are none of its business', async () => {
  await Bun.write(join(folder, '.env'), 'LOG_LEVEL=nonsense\nHOST=192.0.2.1\n');
  await Bun.write(join(folder, 'bunfig.toml'), 'preload = ["./stray.ts"]\n');
  await Bun.write(join(folder, 'tsconfig.json'), '{ not json');
  await Bun.write(join(folder, 'package.json'), '{ not json');
  await Bun.write(join(folder, 'stray.ts'), 'console.log("stray"); process.exit(3);');
  await configure(`providers: [{ name: a, api_base: "${simulator.url}/v1" }]\nserver: { host: 127.0.0.1 }`);
  const running = start(['--port', '0']);
  await running.printed(/listening on http:\/\/127\.0\.0\.1/);
  expect(running.stdout()).not.toContain('stray');
});

/** Repeats a request until it has a value. */
async function untilAsync<T>(value: () => Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 1_000; tries++) {
    const found = await value();
    if (found !== null) return found;
    await Bun.sleep(50);
  }
  throw new Error(`not so: ${value.toString()}`);
}

import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const ROOT = join(import.meta.dir, '..', '..');

/** A checkout with links to the installed packages, whose sources a test may change. */
let checkout: string;
let modules: string;
const started: TestProcess[] = [];

const TEXT = 'Internationalisation is more than one token, and so are these: 北京, 東京.';

beforeAll(async () => {
  checkout = await realpath(await mkdtemp(join(tmpdir(), 'llm-proxy-checkout-')));
  modules = join(checkout, 'node_modules');
  for (const part of ['bin', 'scripts', 'src', 'package.json', 'package-lock.json', 'tsconfig.json'])
    await cp(join(ROOT, part), join(checkout, part), { recursive: true });
  await mkdir(modules);
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (!name.startsWith('.bundle')) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
});
afterEach(async () => {
  for (const each of started.splice(0)) {
    each.kill('SIGKILL');
    await each.exited;
  }
});
afterAll(() => rm(checkout, { recursive: true }));

/** Joins the sources as `run.sh` does. Resolves with the bundle's folder. */
async function bundle(): Promise<string> {
  const made = Bun.spawnSync([process.execPath, join(checkout, 'scripts', 'bundle.ts')], { env: {} });
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return realpath(join(modules, '.bundle'));
}

/** Returns the command that the launcher of a checkout would run. A stand-in for Bun prints it. */
async function entryOf(folder: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const launcher = join(folder, 'bin', 'llm-proxy');
  const run = Bun.spawnSync([launcher], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  return run.stdout.toString().trim();
}

test('a checkout starts from its bundle until a source changes', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'llm-proxy-launcher-')));
  const bun = join(folder, 'node_modules', 'bun', 'bin', 'bun.exe');
  await Bun.write(bun, '#!/bin/sh\nfor word; do case $word in /*) echo "$word" ;; esac; done\n');
  await chmod(bun, 0o755);
  for (const part of ['bin', 'scripts']) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  const source = join(folder, 'src', 'main.ts');
  const other = join(folder, 'src', 'lib', 'other.ts');
  for (const file of [source, other, join(folder, 'package-lock.json')]) await Bun.write(file, '');
  expect(await entryOf(folder)).toBe(source);

  const made = join(folder, 'node_modules', '.bundle-1');
  const entry = join(made, 'main.ts');
  await until(() => Date.now() > Bun.file(other).lastModified + 20 || undefined);
  await Bun.write(join(made, '.begun'), '');
  await Bun.write(entry, '');
  await symlink('.bundle-1', join(folder, 'node_modules', '.bundle'));
  expect(await entryOf(folder)).toBe(entry);
  expect(await entryOf(folder, { LLM_PROXY_BUN_FLAGS: '--inspect' })).toBe(source);
  expect(await entryOf(folder, { BUN_OPTIONS: '--smol' })).toBe(source);

  // Unpacked over the old one, it has the time of its packing.
  await until(() => Date.now() > Bun.file(entry).lastModified + 20 || undefined);
  await Bun.write(other, 'changed');
  await utimes(other, 0, 0);
  expect(await entryOf(folder)).toBe(source);
  await rm(folder, { recursive: true });
});

test.skipIf(process.platform !== 'linux')(
  'the bundle serves, knows prices, counts tokens in its thread, and stays whole when newer ones replace it',
  async () => {
    const simulator = await startSimulator({ strict: true });
    const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-bundled-'));
    const first = await bundle();
    await Bun.write(
      join(folder, 'config.yaml'),
      `providers: [{ name: a, provider_type: openai, apis: [chat], api_base: "${simulator.url}/v1" }]
prices: { models: { "a/*": { same_as: openai/gpt-5 } } }`,
    );
    const running = startProcess(['--host', '127.0.0.1', '--port', '0'], {
      program: join(checkout, 'bin', 'llm-proxy'),
      cwd: folder,
    });
    started.push(running);
    const [, url = ''] = await running.printed(/listening on (http:\/\/\S+)/);
    expect(await readFile(`/proc/${running.pid}/cmdline`, 'latin1')).toContain(join(first, 'main.ts'));
    const ask = (path: string, body: object): Promise<Response> =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });

    for (let version = 0; version < 2; version++) await bundle();
    expect(await realpath(join(modules, '.bundle'))).not.toBe(first);
    const stream = await ask('/v1/chat/completions', chat('mock/ok', { stream: true }));
    expect(await stream.text()).toEndWith('data: [DONE]\n\n');
    // The catalogue of prices is a file of the bundle, and the program runs in another folder.
    const whole = await ask('/v1/chat/completions', chat('mock/ok'));
    expect(Number(whole.headers.get('x-llm-proxy-cost'))).toBeGreaterThan(0);
    // The translation and the counting thread are parts that load now.
    const messages = [{ role: 'user', content: TEXT }];
    const translated = await ask('/v1/messages', { model: 'mock/ok', max_tokens: 9, messages });
    expect(await translated.json()).toMatchObject({ type: 'message' });
    const counted = countTokens(TEXT);
    // Without the thread, four characters count as a token.
    expect(Math.ceil(TEXT.length / 4)).not.toBe(counted);
    const promptTokens = async (): Promise<number> => {
      const page = await (await fetch(`${url}/metrics`)).text();
      return Number(/^llm_proxy_tokens_total\{.*token_type="prompt".*\} (\d+)$/m.exec(page)?.[1] ?? 0);
    };
    // The thread has one second to answer, in which it may not have started on a busy machine.
    let used = 0;
    for (let tries = 0; tries < 20 && used !== counted; tries++) {
      const before = await promptTokens();
      await (
        await ask('/v1/chat/completions', { model: 'mock/usage-absent', messages, stream: true })
      ).text();
      while ((used = (await promptTokens()) - before) === 0) await Bun.sleep(10);
    }
    expect(used).toBe(counted);
    await simulator.stop();
    await rm(folder, { recursive: true });
  },
);

test('only the last bundles stay', async () => {
  for (let version = 0; version < 5; version++) await bundle();
  const folders = (await readdir(modules)).filter((name) => name.startsWith('.bundle-'));
  expect(folders.length).toBe(4);
  expect(folders.map((name) => join(modules, name))).toContain(await realpath(join(modules, '.bundle')));
});

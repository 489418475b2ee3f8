import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

let folder: string;
let simulator: Simulator;
let program: TestProcess;
let url: string;

const config = (models: string, more = ''): string => `
server: { host: 127.0.0.1, port: 0 }
providers: [{ name: a, api_base: "${simulator.url}" }]
models: { ${models} }
${more}`;
const route = (name: string, upstream: string): string =>
  `${name}: { routes: [{ provider: a, model: "${upstream}" }] }`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-reload-'));
  simulator = await startSimulator();
  await write(config(route('one', 'first')));
  program = startProcess([], { cwd: folder });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});

afterEach(async () => {
  program.kill('SIGKILL');
  await program.exited;
  await simulator.stop();
  await rm(folder, { recursive: true });
});

/** Saves as editors do: a new file replaces the old one. */
async function write(text: string): Promise<void> {
  await Bun.write(join(folder, 'next.yaml'), text);
  await rename(join(folder, 'next.yaml'), join(folder, 'config.yaml'));
}

async function ask(model: string, stream = false): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat(model, { stream })),
  });
  await response.text();
  return response.status;
}

describe('a changed file', () => {
  test('takes effect without a restart', async () => {
    expect(await ask('two')).toBe(404);
    await write(config(`${route('one', 'first')}, ${route('two', 'second')}`));
    await program.printed(/reloaded \(version 2\)/);
    expect(await ask('two')).toBe(200);
    expect(simulator.attempts.at(-1)?.model).toBe('second');
  });

  test('is refused when it is bad: its reasons are said and the old one serves on, until it is mended', async () => {
    await write(config(`one: { routes: [{ provider: nobody, model: x }] }`));
    await program.printed(/refused.*config\.yaml:\d+:\d+.*nobody/);
    expect(await ask('one')).toBe(200);
    await write(config(route('mended', 'third')));
    await program.printed(/reloaded \(version 2\)/);
    expect(await ask('mended')).toBe(200);
    expect(await ask('one')).toBe(404);
  });

  test('is read at once on SIGHUP', async () => {
    await write(config(route('two', 'second')));
    program.kill('SIGHUP');
    await program.printed(/reloaded/);
    expect(await ask('two')).toBe(200);
  });

  test('that asks for another address says that this needs a restart', async () => {
    await write(config(route('one', 'first')).replace('port: 0', 'port: 12345'));
    await program.printed(/127\.0\.0\.1:12345 takes effect after a restart/);
    expect(await ask('one')).toBe(200);
  });

  test('without the keys that it had does not open the proxy', async () => {
    await write(config(route('one', 'first'), 'proxy_api_key: mk-1'));
    await program.printed(/version 2/);
    expect(await ask('one')).toBe(401);
    await write(config(route('one', 'first')));
    await program.printed(/version 3/);
    expect(await ask('one')).toBe(401);
  });
});

test.skipIf(process.platform !== 'linux')('SIGHUP while the program starts does not end it', async () => {
  const starting = startProcess([], { cwd: folder });
  await until(() => (caughtBy(starting.pid) & SIGTERM_BIT) !== 0n);
  starting.kill('SIGHUP');
  await starting.printed(/listening on http/);
  starting.kill('SIGKILL');
  await starting.exited;
});

const SIGTERM_BIT = 1n << 14n;

/** The signals that a process catches, as the kernel tells. */
function caughtBy(pid: number): bigint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return BigInt(`0x${/SigCgt:\s*(\w+)/.exec(status)?.[1] ?? '0'}`);
}

test('a hundred changes under load fail no request, and a stream keeps the configuration it began with', async () => {
  const stream = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chat('one', { stream: true })),
    headers: { 'content-type': 'application/json', 'x-mock-words': '60', 'x-mock-pace': '30' },
  });
  const streamed = stream.text();
  const statuses: number[] = [];
  const load = { isOver: false };
  const loading = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!load.isOver) statuses.push(await ask('one'));
    }),
  );
  for (let change = 1; change <= 100; change++) {
    // The last one is good: a busy program may read only that.
    const isBad = change % 10 === 5;
    await write(
      isBad ? 'providers: {' : config(`${route('one', `upstream-${change}`)}, ${route('other', 'x')}`),
    );
    program.kill('SIGHUP');
    await Bun.sleep(15);
  }
  await until(() => (simulator.attempts.at(-1)?.model === 'upstream-100' ? true : undefined));
  load.isOver = true;
  await loading;
  expect(statuses.length).toBeGreaterThan(20);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await streamed).toContain('data: [DONE]');
  expect(program.stdout()).toMatch(/refused/);
});

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const GOLDEN = join(import.meta.dir, '..', 'golden', 'config');

let folder: string;
let first: Simulator;
let second: Simulator;
let program: TestProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-readme-'));
  first = await startSimulator();
  second = await startSimulator();
});

afterEach(async () => {
  program?.kill('SIGKILL');
  await program?.exited;
  await Promise.all([first.stop(), second.stop(), rm(folder, { recursive: true })]);
});

/** Starts the program with a README's file. Only the providers' URLs are replaced, in order. */
async function start(readme: string, url: RegExp): Promise<string> {
  const urls = [`${first.url}/v1`, `${second.url}/v1`];
  const text = await Bun.file(join(GOLDEN, readme)).text();
  const path = join(folder, 'config.yaml');
  await Bun.write(
    path,
    text.replace(url, () => urls.shift() ?? 'http://127.0.0.1:1'),
  );
  program = startProcess(['--config', path, '--host', '127.0.0.1', '--port', '0'], { cwd: folder });
  const [, address = ''] = await program.printed(/listening on (http\S+)/);
  return address;
}

async function ask(url: string, key: string, model: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(chat(model, { stream: index % 2 === 1 })),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('finish_reason');
  }
}

function seen({ attempts }: Simulator): { key: string | undefined; model: string | undefined }[] {
  return attempts.map(({ headers, model }) => ({ key: headers['authorization'], model }));
}

describe("the first README's configuration", () => {
  test('splits 40 requests 20 to 20, each with its provider key and the model as the client wrote it', async () => {
    const url = await start('seed-a.yaml', /https:\/\/api\.openai\.com\/v1/g);
    await ask(url, 'sk-unlimited-key', 'gpt-3.5-turbo', 40);
    expect(seen(first)).toEqual(
      Array.from({ length: 20 }, () => ({ key: 'Bearer sk-your-api-key-1', model: 'gpt-3.5-turbo' })),
    );
    expect(seen(second)).toEqual(
      Array.from({ length: 20 }, () => ({ key: 'Bearer sk-your-api-key-2', model: 'gpt-3.5-turbo' })),
    );
  });

  test('limits the key that has a limit and says so', async () => {
    const url = await start('seed-a.yaml', /https:\/\/api\.openai\.com\/v1/g);
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-prod-key', 'content-type': 'application/json' },
      body: JSON.stringify(chat('gpt-4o')),
    });
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('150');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('149');
  });
});

describe("the second README's configuration", () => {
  test('sends 40 requests to priority 1 alone, with its key and the upstream name of the model', async () => {
    const url = await start('seed-b.yaml', /https:\/\/api\.provider-[ab]\.com\/v1/g);
    await ask(url, 'sk-your-unified-api-key', 'anthropic/claude-opus-4-5', 40);
    expect(seen(first)).toEqual(
      Array.from({ length: 40 }, () => ({ key: 'Bearer sk-real-api-key-a', model: 'claude-opus-4-5' })),
    );
    expect(seen(second)).toEqual([]);
  });

  test('lists its models without a key, and is healthy without one', async () => {
    const url = await start('seed-b.yaml', /https:\/\/api\.provider-[ab]\.com\/v1/g);
    const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual([
      'anthropic/claude-opus-4-5',
      'anthropic/claude-sonnet-4-5',
    ]);
    expect(await (await fetch(`${url}/models`)).json()).toEqual(models);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok' });
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok');
  });
});

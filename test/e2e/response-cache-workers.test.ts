import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

let simulator: Simulator;
let folder: string;
let program: TestProcess;
let url: string;

beforeAll(async () => {
  simulator = await startSimulator();
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-cache-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `
server: { host: 127.0.0.1, port: 0 }
workers: 2
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-a }]
models: { fast: { cache: {}, routes: [{ provider: a, model: mock/ok }] } }
prices: { models: { "a/*": { input: 2, output: 10 } } }
spend: { journal: memory }
master_keys: [{ name: app, key: sk-app-0123456789 }]
`,
  );
  program = startProcess(['--config', file], { cwd: folder, env: { ADMIN_KEY } });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});

afterAll(async () => {
  program.kill('SIGTERM');
  await program.exited;
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

/** Sends a request over a new connection, so that any worker may get it. */
async function ask(): Promise<string | null> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    keepalive: false,
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer sk-app-0123456789',
      connection: 'close',
    },
    body: JSON.stringify(chat('fast', { temperature: 0 })),
  });
  expect(response.status).toBe(200);
  await response.text();
  return response.headers.get('x-llm-proxy-cache');
}

async function admin(method: string, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const response = await fetch(`${url}/admin/v1${path}`, { method, headers });
  expect(response.status).toBe(200);
  return response.json();
}

test('each worker has its own, and DELETE reaches all of them', async () => {
  const asked = 40;
  for (let count = 0; count < asked; count++) await ask();
  const misses = simulator.attempts.length;
  expect(misses).toBeLessThanOrEqual(2);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const valueOf = (series: string): number =>
    Number(new RegExp(`^${RegExp.escape(series)} (\\S+)$`, 'm').exec(metrics)?.[1]);
  expect(valueOf('llm_proxy_cache_requests_total{model="fast",result="miss"}')).toBe(misses);
  expect(valueOf('llm_proxy_cache_requests_total{model="fast",result="hit"}')).toBe(asked - misses);
  expect(valueOf('llm_proxy_saved_usd_total{model="fast"}')).toBeGreaterThan(0);
  expect(valueOf('llm_proxy_cache_entries')).toBe(misses);
  expect(valueOf('llm_proxy_cache_bytes')).toBeGreaterThan(0);
  expect(await admin('DELETE', '/cache?model=other')).toEqual({ forgotten: 0 });
  expect(await admin('DELETE', '/cache?key=app')).toEqual({ forgotten: misses });
  expect(await admin('DELETE', '/cache')).toEqual({ forgotten: 0 });
  expect(await ask()).toBe('miss');
});

interface Listed {
  readonly requests: readonly {
    readonly cost: string;
    readonly cost_basis: string;
    readonly saved: string;
  }[];
}

test('records tell what was saved', async () => {
  // Workers hand their records over in batches.
  const limit = performance.now() + 90_000;
  let hit: Listed['requests'][number] | undefined;
  while (hit === undefined && performance.now() < limit) {
    const { requests } = (await admin('GET', '/requests?limit=50')) as Listed;
    hit = requests.find((request) => request.cost_basis === 'cache');
    await Bun.sleep(50);
  }
  expect(Number(hit?.cost)).toBe(0);
  expect(Number(hit?.saved)).toBeGreaterThan(0);
});

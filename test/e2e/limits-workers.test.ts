import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const WORKERS = 4;

let simulator: Simulator;
let folder: string;
let program: TestProcess;
let url: string;

/** 50 tokens of output at $10 a million. The input costs nothing, so a hold is exactly this much. */
const HOLD_DOLLARS = 0.0005;

beforeAll(async () => {
  simulator = await startSimulator({ tokensPerSecond: 20, words: 200 });
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-limits-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `
server: { host: 127.0.0.1, port: 0 }
workers: ${WORKERS}
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-a }]
models:
  late: { routes: [{ provider: a, model: "mock/silence?ms=4000" }] }
  slow: { routes: [{ provider: a, model: mock/ok }] }
prices: { models: { "a/*": { input: 0, output: 10 } } }
spend: { journal: memory }
master_keys:
  - { name: ten, key: mk-ten, limits: [{ cost: ${10 * HOLD_DOLLARS}, per: month, hold: maximum }] }
  - { name: day, key: mk-day, limits: [{ requests: 25, per: day }, { requests: 1000, per: minute }] }
  - { name: busy, key: mk-busy, limits: [{ concurrent: 6 }, { tokens: 1M, per: day }] }
`,
  );
  program = startProcess(['--config', file], { cwd: folder });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});

afterAll(async () => {
  program.kill('SIGKILL');
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

/** Sends a request over a new connection, so that any worker may get it. */
function ask(key: string, model: string, more: object = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    keepalive: false,
    headers: { 'content-type': 'application/json', authorization: `Bearer mk-${key}`, connection: 'close' },
    body: JSON.stringify(chat(model, { max_tokens: 50, ...more })),
  });
}

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => pattern.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function workersOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(process.platform !== 'linux')('several workers', () => {
  test('admit ten of 200 requests at once on a budget for exactly ten', async () => {
    const before = simulator.attempts.length;
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('ten', 'late')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(190);
    expect(simulator.attempts.length - before).toBe(10);
    expect(await metric(/^llm_proxy_overspend_usd_total\{/)).toBe(0);
    expect(await metric(/^llm_proxy_limit_held_ratio\{.*name="ten"/)).toBe(0);
    expect(await metric(/^llm_proxy_limit_refused_total\{.*name="ten"/)).toBe(190);
  }, 180_000);

  test('count a limit of a day together, in its order with one of a minute', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async () => (await ask('day', 'slow', { max_tokens: 2 })).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(25);
    expect(statuses.filter((status) => status === 429)).toHaveLength(35);
    expect(await metric(/^llm_proxy_limit_used_ratio\{.*name="day",limit="requests\/day"/)).toBe(1);
  }, 180_000);

  test('give back what a killed one held', async () => {
    const streams = await Promise.all(
      Array.from({ length: 6 }, () => ask('busy', 'slow', { stream: true, max_tokens: 400 })),
    );
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    expect((await ask('busy', 'slow')).status).toBe(429);
    for (const pid of workersOf(program.pid)) process.kill(pid, 'SIGKILL');
    await Promise.all(streams.map((stream) => stream.text().catch(() => '')));
    // The replacements have to listen first.
    for (let tries = 0; tries < 1_000; tries++) {
      const response = await ask('busy', 'slow', { max_tokens: 2 }).catch(() => undefined);
      if (response?.status === 200) break;
      await Bun.sleep(100);
    }
    expect((await ask('busy', 'slow', { max_tokens: 2 })).status).toBe(200);
    for (let tries = 0; tries < 1_000; tries++) {
      if ((await metric(/^llm_proxy_limit_held_ratio\{.*name="busy"/)) === 0) return;
      await Bun.sleep(100);
    }
    throw new Error('the holds of the killed workers stay');
  }, 180_000);
});

import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

let simulator: Simulator;
let folder: string;
let program: TestProcess | undefined;

beforeAll(async () => {
  simulator = await startSimulator();
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-limits-'));
});

afterAll(async () => {
  program?.kill('SIGKILL');
  await simulator.stop();
  await rm(folder, { recursive: true, force: true });
});

const KEYS = { app: 'k1-a7Kq2xyWv9', pre: 'k2-a7Kq2xyWv9', anna: 'k3-a7Kq2xyWv9', ben: 'k4-a7Kq2xyWv9' };

interface Edits {
  /** Dollars of the prepaid key. */
  readonly prepaid?: string;
  readonly app?: string;
  readonly anna?: string;
  readonly isPriced?: boolean;
}

/** The wishes of docs/limits.md. An answer costs a little more than two cents. */
async function configure(edits: Edits = {}): Promise<void> {
  const { prepaid = '0.05', app = 'app', anna = 'anna', isPriced = true } = edits;
  await writeFile(
    join(folder, 'config.yaml'),
    `server: { host: 127.0.0.1, port: 0 }
providers: [{ name: mock, api_base: "${simulator.url}/v1" }]
models: { m: { routes: [{ provider: mock, model: mock/ok }] } }
prices: { models: { "${isPriced ? 'mock/*' : 'other/*'}": { input: 1, output: 1000 } } }
teams: [{ name: search, limits: [{ tokens: 100k, per: minute }], per_user: [{ requests: 2, per: month }] }]
users: [{ name: ${anna}${anna === 'anna' ? '' : ', renamed_from: anna'} }, { name: ben }]
master_keys:
  - { name: ${app}${app === 'app' ? '' : ', renamed_from: app'}, key: ${KEYS.app}, limits: [{ cost: 0.03, per: month }] }
  - { name: pre, key: ${KEYS.pre}, limits: [{ cost: ${prepaid}, per: total, hold: maximum }] }
  - { name: anna, key: ${KEYS.anna}, team: search, user: ${anna} }
  - { name: ben, key: ${KEYS.ben}, team: search, user: ben }
`,
  );
}

async function start(): Promise<string> {
  program = startProcess(['--config', 'config.yaml'], { cwd: folder });
  const [, url = ''] = await program.printed(/listening on (http:\S+)/);
  return url;
}

async function ask(url: string, key: keyof typeof KEYS): Promise<string> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEYS[key]}`, 'content-type': 'application/json' },
    body: JSON.stringify(chat('m', { max_tokens: 20 })),
  });
  const body = (await answer.json()) as { readonly error?: { readonly code: string } };
  return body.error?.code ?? String(answer.status);
}

/** Asks until it is refused or has asked `most` times. */
async function askAll(url: string, key: keyof typeof KEYS, most: number): Promise<string[]> {
  const said: string[] = [];
  while (said.length < most) said.push(await ask(url, key));
  return said;
}

test('the limits of a file hold, outlive a kill, and follow its changes without losing count', async () => {
  await configure();
  let url = await start();
  expect(await askAll(url, 'app', 3)).toEqual(['200', '200', 'budget_exceeded']);
  expect(await askAll(url, 'pre', 3)).toEqual(['200', '200', 'budget_exceeded']);
  expect(await askAll(url, 'anna', 3)).toEqual(['200', '200', 'rate_limit_exceeded']);
  expect(await ask(url, 'ben')).toBe('200');

  program?.kill('SIGKILL');
  await program?.exited;
  url = await start();
  // Dashboards have the use of a budget before its first request.
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const [, ratio] =
    /^llm_proxy_limit_used_ratio\{scope="key",name="app",limit="[^"]+"\} (\S+)$/m.exec(metrics) ?? [];
  expect(Number(ratio)).toBeGreaterThan(0.5);
  expect(await ask(url, 'app')).toBe('budget_exceeded');
  expect(await ask(url, 'pre')).toBe('budget_exceeded');
  expect(await ask(url, 'anna')).toBe('rate_limit_exceeded');
  expect(await askAll(url, 'ben', 2)).toEqual(['200', 'rate_limit_exceeded']);

  // A top-up opens the prepaid key for one more; other names change nothing.
  await configure({ prepaid: '0.065', app: 'renamed', anna: 'anna-marie' });
  await program?.printed(/reloaded/);
  expect(await askAll(url, 'pre', 2)).toEqual(['200', 'budget_exceeded']);
  expect(await ask(url, 'app')).toBe('budget_exceeded');
  expect(await ask(url, 'anna')).toBe('rate_limit_exceeded');

  // A budget that begins to refuse a model says so.
  await configure({ isPriced: false });
  await program?.printed(/Key "app" has a budget, and 1 of its 1 models has no known price/);
  expect(await ask(url, 'pre')).toBe('price_unknown');
  await configure();
  await program?.printed(/version 4/);

  // An invalid file changes nothing either.
  await writeFile(join(folder, 'config.yaml'), 'limits: [{ cost: 1 }]\n');
  await program?.printed(/say per: month, day, … or total/);
  expect(await ask(url, 'pre')).toBe('budget_exceeded');
}, 180_000);

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type TestPostgres } from './db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

/** $10 a million of output tokens: 50 tokens are 500,000 nano-dollars. */
const NANO_PER_TOKEN = 10_000;
const MOST_TOKENS = 50;
const BUDGET_NANO = 200_000_000;

let postgres: TestPostgres;
let provider: ReturnType<typeof startProvider>;
let folder: string;
let dbUrl: string;
let nodes: DatabaseGateway[] = [];

/** Uses a random number of tokens for each answer, and adds them up. */
function startProvider() {
  const spent = new Map<string, number>();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      if (request.method === 'GET') return Response.json({ object: 'list', data: [] });
      const { model } = (await request.json()) as { model: string };
      await Bun.sleep(5 + Math.random() * 30);
      const tokens = 1 + Math.floor(Math.random() * MOST_TOKENS);
      spent.set(model, (spent.get(model) ?? 0) + tokens * NANO_PER_TOKEN);
      return Response.json({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    spent: (model: string): number => spent.get(model) ?? 0,
    stop: (): void => void server.stop(true),
  };
}

async function startNodes(shared: string, workers: number): Promise<void> {
  dbUrl = await postgres.newDatabase();
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `providers: [{ name: p, api_base: "${provider.url}", api_key: sk-a }]
models: {}
workers: ${workers}
shared_state: ${shared}
prices: { models: { "p/*": { input: 0, output: 10 } } }
master_keys:
  - { name: app, key: mk-app, limits: [{ cost: ${BUDGET_NANO / 1e9}, per: month, hold: maximum }] }
  - { name: day, key: mk-day, limits: [{ requests: 60, per: day }] }
`,
  );
  const env = { DB_URL: dbUrl, ADMIN_KEY };
  const imported = startProcess(['import', file], { cwd: folder, env });
  expect(await imported.exited).toBe(0);
  nodes = await Promise.all(['a', 'b', 'c'].map(startNode));
}

function startNode(name: string): Promise<DatabaseGateway> {
  return startDatabaseGateway({
    dbUrl,
    folder: join(folder, name),
    env: { LLM_PROXY_DATA_DIR: join(folder, name) },
  });
}

interface Answer {
  readonly status: number;
  readonly ms: number;
}

async function ask(node: DatabaseGateway, key: string, model: string): Promise<Answer> {
  const beganMs = performance.now();
  const response = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(chat(model, { max_tokens: MOST_TOKENS })),
  });
  await response.text();
  return { status: response.status, ms: performance.now() - beganMs };
}

/** Asks every node from several clients until each client was refused several times in a row. */
async function useUp(
  key: string,
  model: string,
  isOver = (row: number): boolean => row >= 5,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const clients = nodes.flatMap((_, index) =>
    Array.from({ length: 6 }, async () => {
      for (let row = 0; !isOver(row);) {
        const answer = await ask(nodes[index]!, key, model).catch(() => ({ status: 0, ms: 0 }));
        answers.push(answer);
        row = answer.status === 429 ? row + 1 : 0;
        if (answer.status !== 200) await Bun.sleep(30);
      }
    }),
  );
  await Promise.all(clients);
  return answers;
}

describe('three machines on one PostgreSQL', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
    provider = startProvider();
  });
  afterAll(async () => {
    await postgres.stop();
    provider.stop();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llm-proxy-machines-'));
    mkdirSync(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const { program } of nodes) program.kill('SIGKILL');
    await Promise.all(nodes.map(({ program }) => program.exited));
    rmSync(folder, { recursive: true, force: true });
  });

  test('spend one budget together, to its end and never beyond', async () => {
    await startNodes('{ driver: postgres, deadline_ms: 2000 }', 1);
    const answers = await useUp('mk-app', 'one');
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const listed = (await nodes[0]!.admin('GET', '/nodes')) as { nodes: { state: string; starts: number }[] };
    expect(listed.nodes.map(({ state, starts }) => [state, starts])).toEqual([
      ['live', 1],
      ['live', 1],
      ['live', 1],
    ]);
    const { limits } = (await nodes[0]!.admin('GET', '/limits')) as {
      limits: { counter: string; counted_by: string; used: number }[];
    };
    const budget = limits.find((limit) => limit.counter.includes('/cost/month'))!;
    expect(budget.counted_by).toBe('all machines');
    expect(budget.used).toBeCloseTo(provider.spent('one') / 1e9, 9);
    const metrics = await (await fetch(`${nodes[0]!.url}/metrics`)).text();
    expect(metrics).toContain('llm_proxy_lease_store_up 1\n');
    expect(metrics).toContain('llm_proxy_nodes 3\n');
    expect(provider.spent('one')).toBeLessThanOrEqual(BUDGET_NANO);
    expect(provider.spent('one')).toBeGreaterThanOrEqual(0.99 * BUDGET_NANO);
  }, 120_000);

  test('with several workers each, admit exactly as many requests as a day allows', async () => {
    await startNodes('{ driver: postgres, deadline_ms: 2000 }', 2);
    const answers = await useUp('mk-day', 'two');
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  }, 120_000);

  test('give and take back a limit on all of them when it is adjusted', async () => {
    await startNodes('{ driver: postgres, deadline_ms: 2000 }', 1);
    await useUp('mk-day', 'three');
    const [first] = nodes;
    const { limits } = (await first!.admin('GET', '/limits')) as { limits: { counter: string }[] };
    const counter = limits.find((limit) => limit.counter.includes('/requests/day'))!.counter;
    await first!.admin('POST', '/limits/adjust', { counter, reset: true, reason: 'test' });
    for (const node of nodes) {
      const ms = await timeUntil(async () => (await ask(node, 'mk-day', 'three')).status === 200);
      expect(ms).toBeLessThan(5000);
    }
  }, 120_000);

  test('keep a budget while one is killed and another one is replaced', async () => {
    await startNodes('{ driver: postgres, deadline_ms: 2000 }', 1);
    let isOver = false;
    const trouble = (async () => {
      await Bun.sleep(500);
      nodes[0]!.program.kill('SIGKILL');
      await nodes[0]!.program.exited;
      nodes[0] = await startNode('a');
      await Bun.sleep(300);
      nodes[1]!.program.kill('SIGTERM');
      await nodes[1]!.program.exited;
      nodes[1] = await startNode('b');
      isOver = true;
    })();
    const answers = await useUp('mk-app', 'five', (row) => isOver && row >= 8);
    await trouble;
    const statuses = new Set(answers.map(({ status }) => status));
    for (const expected of [0, 503]) statuses.delete(expected);
    expect(statuses).toEqual(new Set([200, 429]));
    expect(provider.spent('five')).toBeLessThanOrEqual(BUDGET_NANO);
    // Of the requests that were lost, the whole hold counts.
    expect(provider.spent('five')).toBeGreaterThanOrEqual(0.95 * BUDGET_NANO);
  }, 120_000);

  test('never hang and never overspend while the database is killed, stopped and started', async () => {
    await startNodes('{ driver: postgres }', 1);
    let isOver = false;
    const trouble = (async () => {
      for (let round = 0; round < 3; round++) {
        await Bun.sleep(700);
        if (round === 1) {
          postgres.freeze();
          await Bun.sleep(1500);
          postgres.thaw();
        } else {
          await postgres.crash();
          await Bun.sleep(800);
          await postgres.restart();
        }
      }
      isOver = true;
    })();
    const answers = await useUp('mk-app', 'four', (row) => isOver && row >= 8);
    await trouble;
    const statuses = new Set(answers.map(({ status }) => status));
    statuses.delete(503);
    expect(statuses).toEqual(new Set([200, 429]));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(5000);
    expect(provider.spent('four')).toBeLessThanOrEqual(BUDGET_NANO);
    expect(provider.spent('four')).toBeGreaterThanOrEqual(0.98 * BUDGET_NANO);
  }, 120_000);
});

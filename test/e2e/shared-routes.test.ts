import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

let postgres: TestDatabaseServer;
let simulator: Simulator;
let folder: string;
let nodes: DatabaseGateway[] = [];

beforeAll(async () => {
  [postgres, simulator] = await Promise.all([sharePostgres(), startSimulator()]);
});
afterAll(() => Promise.all([postgres.stop(), simulator.stop()]));

afterEach(async () => {
  for (const { program } of nodes) program.kill('SIGKILL');
  await Promise.all(nodes.map(({ program }) => program.exited));
  nodes = [];
  rmSync(folder, { recursive: true, force: true });
});

function startNode(dbUrl: string, name: string): Promise<DatabaseGateway> {
  const own = join(folder, name);
  return startDatabaseGateway({ dbUrl, folder: own, env: { LLM_PROXY_DATA_DIR: own } });
}

/** Starts two gateways on a new database, and returns its URL. */
async function startTwo(workers: number): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-routes-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `workers: ${workers}
providers:
  - { name: sick, api_base: "${simulator.url}/v1", api_key: sk-a }
  - { name: well, api_base: "${simulator.url}/v1", api_key: sk-b }
models:
  m: { routes: [{ provider: sick, model: "mock/503", priority: 1 }, { provider: well, model: mock/ok, priority: 2 }] }
fallback: { retries: 0, cooldown_seconds: 600 }
master_keys: [{ name: app, key: mk-app }]
`,
  );
  const dbUrl = await postgres.newDatabase();
  const imported = startProcess(['import', file], { cwd: folder, env: { DB_URL: dbUrl, ADMIN_KEY } });
  expect(await imported.exited).toBe(0);
  nodes = await Promise.all(['a', 'b'].map((name) => startNode(dbUrl, name)));
  return dbUrl;
}

interface Route {
  readonly id: string;
  readonly provider: string;
  readonly state: string;
}

async function routeAt(node: number, provider: string): Promise<Route> {
  const { routes } = (await nodes[node]!.admin('GET', '/routes')) as { routes: Route[] };
  return routes.find((route) => route.provider === provider)!;
}

/** Waits until a gateway has a route in a state. */
function becomes(node: number, provider: string, state: string): Promise<number> {
  return timeUntil(async () => (await routeAt(node, provider)).state === state);
}

async function ask(node: number): Promise<number> {
  const response = await fetch(`${nodes[node]!.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer mk-app' },
    body: JSON.stringify(chat('m')),
  });
  await response.text();
  return response.status;
}

describe.each([1, 2])('gateways with %d processes on one PostgreSQL', (workers) => {
  test('leave out a route that cools or drains at another one, until an operator ends that', async () => {
    const dbUrl = await startTwo(workers);
    expect(await ask(0)).toBe(200);
    await becomes(1, 'sick', 'cooling');
    const { id: sick } = await routeAt(1, 'sick');
    await nodes[1]!.admin('POST', `/routes/${sick}/clear-cooldown`);
    await becomes(0, 'sick', 'available');
    expect((await routeAt(1, 'sick')).state).toBe('available');

    const { id: well } = await routeAt(0, 'well');
    await nodes[0]!.admin('POST', `/routes/${well}/drain`);
    await becomes(1, 'well', 'draining');
    nodes[1]!.program.kill('SIGTERM');
    expect(await nodes[1]!.program.exited).toBe(0);
    nodes[1] = await startNode(dbUrl, 'b');
    expect((await routeAt(1, 'well')).state).toBe('draining');
    await nodes[1].admin('POST', `/routes/${well}/resume`);
    await becomes(0, 'well', 'available');
  }, 180_000);
});

import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { Machines, type SpendingProvider, startProvider } from './machines.ts';

let postgres: TestDatabaseServer;
let provider: SpendingProvider;
let machines: Machines | undefined;

beforeAll(async () => {
  postgres = await sharePostgres();
  provider = startProvider();
});
afterAll(async () => {
  await postgres.stop();
  provider.stop();
});
afterEach(async () => {
  await machines?.stop();
  machines = undefined;
});

async function start(shared: string): Promise<Machines> {
  machines = await Machines.start({ dbUrl: await postgres.newDatabase(), provider, shared, workers: 1 });
  return machines;
}

test('gateways that share nothing notice each other, and say what their limits come to', async () => {
  const { nodes } = await start('{ driver: none }');
  for (const { program } of nodes)
    await program.printed(/(\d) gateways use this database, and this one counts limits for itself/);
  const metrics = await (await fetch(`${nodes[0]!.url}/metrics`)).text();
  expect(metrics).toContain('llm_proxy_limits_local 1\n');
  expect(metrics).toMatch(/llm_proxy_nodes [23]\n/);
  expect(metrics).not.toContain('llm_proxy_lease_store_up 1');
  const listed = (await nodes[0]!.admin('GET', '/nodes')) as { nodes: { state: string }[] };
  expect(listed.nodes.map(({ state }) => state)).toEqual(['live', 'live', 'live']);
}, 180_000);

test('on PostgreSQL limits are shared without a setting, and a change of the setting asks for a restart', async () => {
  const { nodes } = await start('{ driver: auto }');
  const [first] = nodes;
  expect(await first!.ask('mk-day', 'any')).toBe(200);
  const metrics = await (await fetch(`${first!.url}/metrics`)).text();
  expect(metrics).toContain('llm_proxy_limits_local 0\n');
  expect(metrics).toMatch(/llm_proxy_leased_ratio\{scope="key",name="day",limit="requests\/day"\} [\d.]+\n/);
  await first!.admin('PUT', '/settings/shared_state', { value: { driver: 'none' } });
  for (const { program } of nodes) await program.printed(/shared_state has changed/);
}, 180_000);

import { afterEach, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COST, ledgerSums, type SpendConfig, spendFolder, startProvider } from './spend-process.ts';

type Provider = ReturnType<typeof startProvider>;
const providers: Provider[] = [];
afterEach(() => {
  for (const provider of providers.splice(0)) provider.stop();
});

function folderWith(limits: string, more: Partial<SpendConfig> = {}) {
  const provider = startProvider(() => 1);
  providers.push(provider);
  return { provider, ...spendFolder({ provider: provider.url, limits, ...more }) };
}

const usedOf = (all: readonly { counter: string; used: number }[], counter: string): number | undefined =>
  all.find((one) => one.counter === counter)?.used;

test.each([1, 2])('a budget that is used up stays so over a restart (%p processes)', async (workers) => {
  // A request reserves about a third of a cent.
  const gateway = folderWith('[{cost: 0.012, per: month}]', { workers });
  let program = await gateway.start();
  let answered = 0;
  while ((await gateway.ask()) === 200) answered += 1;
  expect(answered).toBeGreaterThan(3);
  program.kill();
  expect(await program.exited).toBe(0);
  expect(ledgerSums(gateway.path)).toMatchObject({ complete: answered, used: answered * COST });
  program = await gateway.start();
  expect(await gateway.ask()).toBe(429);
  expect(usedOf(await gateway.limits(), 'key:app/cost/month')).toBeCloseTo((answered * COST) / 1e9, 9);
  program.kill();
  await program.exited;
});

test('a limit that is added while the gateway runs counts what its window has used, from then on', async () => {
  const gateway = folderWith('[{cost: 50, per: month}]');
  const program = await gateway.start();
  for (let i = 0; i < 3; i++) expect(await gateway.ask()).toBe(200);
  const path = join(gateway.path, 'config.yaml');
  const before = await Bun.file(path).text();
  writeFileSync(path, before.replace('per: month}]', 'per: month}, {requests: 4, per: day}]'));
  const day = async (): Promise<number | undefined> => usedOf(await gateway.limits(), 'key:app/requests/day');
  while ((await day()) === undefined) await Bun.sleep(50);
  expect(await day()).toBe(3);
  expect(await gateway.ask()).toBe(200);
  expect(await gateway.ask()).toBe(429);
  program.kill();
  await program.exited;
});

test('the first limit that needs a ledger may be added while the gateway runs', async () => {
  const gateway = folderWith('[{requests: 100, per: minute}]', { workers: 2 });
  const program = await gateway.start();
  expect(await gateway.ask()).toBe(200);
  expect(existsSync(join(gateway.path, '.llm-proxy'))).toBe(false);
  const path = join(gateway.path, 'config.yaml');
  const before = await Bun.file(path).text();
  writeFileSync(path, before.replace('per: minute}]', 'per: minute}, {requests: 2, per: day}]'));
  await program.printed(/reloaded .version 2/);
  const statuses = [await gateway.ask(), await gateway.ask(), await gateway.ask()];
  expect(statuses).toEqual([200, 200, 429]);
  program.kill();
  await program.exited;
  expect(ledgerSums(gateway.path, 'key:app/requests/day').used).toBe(2);
});

test('an adjustment and a reset open a limit in every process within two seconds', async () => {
  const gateway = folderWith('[{requests: 2, per: day}]', { workers: 2 });
  const program = await gateway.start();
  expect([await gateway.ask(), await gateway.ask(), await gateway.ask()]).toEqual([200, 200, 429]);
  const counter = 'key:app/requests/day';
  await gateway.admin('/limits/adjust', { counter, amount: -1, reason: 'one more' });
  expect([await gateway.ask(), await gateway.ask()]).toEqual([200, 429]);
  await gateway.admin('/limits/adjust', { counter, reset: true, reason: 'all again' });
  expect([await gateway.ask(), await gateway.ask(), await gateway.ask()]).toEqual([200, 200, 429]);
  program.kill();
  await program.exited;
});

test('a folder that cannot be written is one sentence at the start, and memory does without', async () => {
  const gateway = folderWith('[{cost: 50, per: month}]', { more: 'spend: {journal: "/proc/journal"}' });
  const problem = await gateway.start().catch((error: Error) => error.message);
  expect(problem).toContain('limits of key "app" need a writable folder for spend.journal (/proc/journal: ');
  const free = folderWith('[{cost: 50, per: month}]', { more: 'spend: {journal: memory}' });
  const program = await free.start();
  expect(await free.ask()).toBe(200);
  expect(existsSync(join(free.path, '.llm-proxy'))).toBe(false);
  program.kill();
  await program.exited;
});

test('one gateway uses a named folder; a second says so; a killed one leaves no lock behind', async () => {
  const gateway = folderWith('[{cost: 50, per: month}]', { more: 'spend: {journal: "books"}' });
  const first = await gateway.start();
  const second = folderWith('[{cost: 50, per: month}]', {
    more: `spend: {journal: "${gateway.path}/books"}`,
  });
  const problem = await second.start().catch((error: Error) => error.message);
  expect(problem).toContain('books: another llm-proxy is using it');
  first.kill('SIGKILL');
  await first.exited;
  const again = await gateway.start();
  again.kill();
  expect(await again.exited).toBe(0);
});

test('two gateways of one folder keep books of their own, and what one leaves is read by the next', async () => {
  const gateway = folderWith('[{cost: 50, per: month}]');
  const first = await gateway.start();
  const other = folderWith('[{cost: 50, per: month}]');
  const env = { LLM_PROXY_DATA_DIR: gateway.path };
  const second = await other.start(env);
  expect(await other.ask()).toBe(200);
  second.kill('SIGKILL');
  await second.exited;
  expect(readdirSync(join(gateway.path, '.llm-proxy', 'journal'))).toContain('2');
  first.kill();
  await first.exited;
  const next = await gateway.start();
  while (ledgerSums(gateway.path).rows < 1) await Bun.sleep(50);
  next.kill();
  await next.exited;
  // It was killed right after its answer, so the request may be lost, but not missing.
  const { rows, rowCost, used } = ledgerSums(gateway.path);
  expect(rows).toBe(1);
  expect(used).toBe(rowCost);
  expect(used).toBeGreaterThanOrEqual(COST);
});

test('without such a limit nothing is written, and nothing is loaded', async () => {
  const gateway = folderWith('[{requests: 100, per: minute}]');
  mkdirSync(join(gateway.path, 'data'));
  const program = await gateway.start({ LLM_PROXY_DATA_DIR: 'data' });
  expect(await gateway.ask()).toBe(200);
  program.kill();
  await program.exited;
  expect(readdirSync(join(gateway.path, 'data'))).toEqual([]);
  expect(existsSync(join(gateway.path, '.llm-proxy'))).toBe(false);
});

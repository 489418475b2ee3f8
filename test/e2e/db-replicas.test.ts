import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startPostgres, type TestPostgres } from './db-postgres.ts';
import {
  type DatabaseGateway,
  keepAsking,
  startDatabaseGateway,
  startDatabaseProgram,
  timeUntil,
} from './db-program.ts';
import { until } from './gateway.ts';

/** The contract allows one second. The machine that runs the tests may be busy. */
const SOON_MS = 10_000;

let postgres: TestPostgres;
let simulator: Simulator;
let folder: string;
let dbUrl: string;
let first: DatabaseGateway;
let second: DatabaseGateway;

beforeAll(async () => {
  postgres = await startPostgres();
  simulator = await startSimulator();
});
afterAll(async () => {
  await postgres.stop();
  await simulator.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-replicas-'));
  dbUrl = await postgres.emptyDatabase();
  // Both start at once, and each tries to create the schema.
  [first, second] = await Promise.all([
    startDatabaseGateway({ dbUrl, folder: join(folder, 'first') }),
    startDatabaseGateway({ dbUrl, folder: join(folder, 'second') }),
  ]);
  await first.admin('POST', '/providers', { id: 'a', api_base: simulator.url });
  await first.admin('POST', '/master-keys', { id: 'k', key: 'mk-known' });
  await timeUntil(async () => (await second.ask('mk-known')) === 200);
});
afterEach(async () => {
  for (const { program } of [first, second]) program.kill('SIGKILL');
  await Promise.all([first, second].map(({ program }) => program.exited));
  await rm(folder, { recursive: true, force: true });
});

describe('two replicas on one database', () => {
  test('see within a second what the other one wrote, and at once what they wrote themselves', async () => {
    const figures: Record<string, number> = {};
    // With one model listed, the gateway serves only listed models.
    await first.admin('POST', '/models', { id: 'any', routes: [{ provider: 'a' }] });
    await timeUntil(async () => (await second.ask('mk-known', 'new')) === 404);
    await first.admin('POST', '/models', { id: 'new', routes: [{ provider: 'a' }] });
    expect(await first.ask('mk-known', 'new')).toBe(200);
    figures['created'] = await timeUntil(async () => (await second.ask('mk-known', 'new')) === 200);
    await second.admin('PUT', '/models/new', { routes: [{ provider: 'a', model: 'changed' }] });
    figures['changed'] = await timeUntil(async () => {
      await first.ask('mk-known', 'new');
      return simulator.attempts.at(-1)?.model === 'changed';
    });
    await first.admin('DELETE', '/models/new');
    figures['model deleted'] = await timeUntil(async () => (await second.ask('mk-known', 'new')) === 404);
    await first.admin('PUT', '/master-keys/k', { is_enabled: false });
    expect(await first.ask('mk-known')).toBe(401);
    figures['revoked'] = await timeUntil(async () => (await second.ask('mk-known')) === 401);
    await first.admin('PUT', '/master-keys/k', { is_enabled: true });
    await timeUntil(async () => (await second.ask('mk-known')) === 200);
    await first.admin('DELETE', '/master-keys/k');
    expect(await first.ask('mk-known')).toBe(401);
    figures['key deleted'] = await timeUntil(async () => (await second.ask('mk-known')) === 401);
    console.log('milliseconds until the other replica knew:', JSON.stringify(figures));
    expect(Math.max(...Object.values(figures))).toBeLessThan(SOON_MS);
  });

  test('let no request fail while the configuration changes a hundred times, bad changes among them', async () => {
    const load = keepAsking([first, second], 'mk-known');
    for (let change = 1; change <= 100; change++) {
      const gateway = change % 2 === 0 ? first : second;
      if (change % 10 === 0) {
        const bad = gateway.admin('POST', '/models', { id: 'bad', routes: [{ provider: 'nobody' }] });
        expect(await bad.catch((error: Error) => error.message)).toContain('422');
      } else if (change % 3 === 0) {
        await gateway.admin('POST', '/providers', { id: `p${change}`, api_base: simulator.url });
      } else {
        await gateway.admin('PUT', '/providers/a', { weight: change });
      }
    }
    const statuses = await load.stop();
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await first.admin('GET', '/config/version')).toMatchObject({ version: 92 });
  });
});

/** The value of a metric without labels. */
async function metric({ url }: DatabaseGateway, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** OUTAGE_SECONDS=60 plays a long one. */
const OUTAGE_MS = Number(process.env['OUTAGE_SECONDS'] ?? 2) * 1_000;

describe('a database that is gone', () => {
  test('leaves known keys alone, refuses nobody as unknown, and is found again when it is back', async () => {
    const load = keepAsking([first, second], 'mk-known');
    await Bun.sleep(200);
    await postgres.crash();
    const answers: number[] = [];
    await until(() => /database is unavailable/.test(first.program.stdout()) || undefined);
    const backAtMs = performance.now() + OUTAGE_MS;
    while (performance.now() < backAtMs) {
      answers.push(await first.ask('mk-unknown'), await second.ask('mk-unknown'));
      await Bun.sleep(20);
    }
    expect(new Set(answers)).toEqual(new Set([503]));
    const write = await first
      .admin('PUT', '/providers/a', { weight: 2 })
      .catch((error: Error) => error.message);
    expect(write).toMatch(/503.*store_unavailable/);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const health = await (await fetch(`${first.url}/health`)).json();
    expect(health).toMatchObject({ status: 'ok', database: { status: 'unreachable' } });
    expect(await metric(first, 'llm_proxy_store_up')).toBe(0);
    expect(await metric(first, 'llm_proxy_store_last_answer_age_seconds')).toBeGreaterThan(0);
    expect(await metric(first, 'llm_proxy_request_records_waiting')).toBeGreaterThan(0);
    await postgres.restart();
    const recoveredMs = await timeUntil(async () => (await second.ask('mk-unknown')) === 401);
    await timeUntil(async () =>
      first.admin('POST', '/master-keys', { id: 'late', key: 'mk-later' }).then(
        () => true,
        () => false,
      ),
    );
    await timeUntil(async () => (await second.ask('mk-later')) === 200);
    const statuses = await load.stop();
    console.log(`after the crash: ${statuses.length} requests, recovered after ${recoveredMs} ms`);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(recoveredMs).toBeLessThan(20_000);
    // The gauge is updated a few times a second.
    await timeUntil(async () => (await metric(first, 'llm_proxy_store_up')) === 1);
    expect(await metric(first, 'llm_proxy_store_adopted')).toBe(1);
    expect(await metric(first, 'llm_proxy_request_records_dropped_total')).toBe(0);
  });

  test('at the start leaves the last configuration in force, or ends the program with one line if there is none', async () => {
    first.program.kill('SIGTERM');
    expect(await first.program.exited).toBe(0);
    await postgres.crash();
    first = await startDatabaseGateway({ dbUrl, folder: join(folder, 'first') });
    expect(await first.ask('mk-known')).toBe(200);
    expect(await first.ask('mk-unknown')).toBe(503);
    const without = startDatabaseProgram({ dbUrl, folder, env: { SNAPSHOT_FILE: 'off' } });
    expect(await without.exited).toBe(1);
    expect(without.stderr()).toMatch(/^llm-proxy: postgres:\/\/127\.0\.0\.1:\d+\/test_\d+: .*\n$/);
    expect(without.stderr()).not.toContain('pg-password-canary');
    await postgres.restart();
    await timeUntil(async () => (await first.ask('mk-unknown')) === 401);
    expect(await first.admin('PUT', '/providers/a', { weight: 2 })).toMatchObject({ weight: 2 });
  });
});

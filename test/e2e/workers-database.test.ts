import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { migrateDown, MIGRATIONS, migrateUp } from '../../src/store/migrate.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';

let simulator: Simulator;
let folder: string;
let gateway: DatabaseGateway;

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-workers-db-'));
  gateway = await startDatabaseGateway({
    dbUrl: `sqlite://${join(folder, 'proxy.db')}`,
    folder,
    args: ['--workers', '3'],
  });
});

afterAll(async () => {
  gateway.program.kill('SIGTERM');
  await gateway.program.exited;
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

/** Each connection may reach another worker. */
const CLOSE = { connection: 'close' };

describe.skipIf(process.platform !== 'linux')('several workers over one database', () => {
  test('have every write in force when the Admin API answers', async () => {
    await gateway.admin('POST', '/providers', {
      id: 'a',
      api_base: `${simulator.url}/v1`,
      api_key: 'sk-a',
    });
    await gateway.admin('POST', '/master-keys', { id: 'key', name: 'key', key: 'mk-first-0123456789' });
    for (let round = 0; round < 10; round++) {
      await gateway
        .admin('PUT', '/models/any', {
          routes: [{ provider: 'a', model: `mock/ok?round=${round}` }],
        })
        .catch(() =>
          gateway.admin('POST', '/models', { id: 'any', routes: [{ provider: 'a', model: 'mock/ok' }] }),
        );
      const statuses = await Promise.all(
        Array.from({ length: 12 }, () =>
          fetch(`${gateway.url}/v1/models`, {
            headers: { authorization: 'Bearer mk-first-0123456789', ...CLOSE },
          }).then(async (response) => [response.status, await response.text()] as const),
        ),
      );
      for (const [status, text] of statuses) {
        expect(status).toBe(200);
        expect(text).toContain('"any"');
      }
    }
    await gateway.admin('PUT', '/models/any', { routes: [{ provider: 'a', model: 'mock/ok' }] });
    // Of several keys, only the changed one is sent to the workers.
    for (const id of ['second', 'third'])
      await gateway.admin('POST', '/master-keys', { id, name: id, key: `mk-${id}-0123456789` });
    const others = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        gateway.ask(`mk-${n % 2 === 0 ? 'second' : 'third'}-0123456789`, 'any'),
      ),
    );
    expect(others).toEqual(Array.from({ length: 12 }, () => 200));
    await gateway.admin('PUT', '/master-keys/key', { is_enabled: false });
    const refused = await Promise.all(
      Array.from({ length: 12 }, () => gateway.ask('mk-first-0123456789', 'any')),
    );
    expect(refused).toEqual(Array.from({ length: 12 }, () => 401));
    await gateway.admin('PUT', '/master-keys/key', { is_enabled: true });
  });

  test('refuse wrong admin keys together, and large bodies in words', async () => {
    const denied = await fetch(`${gateway.url}/admin/v1/models`, {
      headers: { authorization: 'Bearer wrong', ...CLOSE },
    });
    expect(denied.status).toBe(401);
    const large = gateway.admin('POST', '/models', { id: 'x'.repeat(3_000_000) });
    expect(large).rejects.toThrow(/413|larger than/);
  });

  test('write the records of all their requests', async () => {
    await gateway.admin('POST', '/models', { id: 'counted', routes: [{ provider: 'a', model: 'mock/ok' }] });
    const statuses = await Promise.all(
      Array.from({ length: 60 }, () => gateway.ask('mk-first-0123456789', 'counted')),
    );
    expect(statuses).toEqual(Array.from({ length: 60 }, () => 200));
    const counted = async (): Promise<number> => {
      const usage = await gateway.admin('GET', '/usage?group_by=model');
      return (usage['usage'] as { model: string; requests: number }[]).reduce(
        (sum, { model, requests }) => (model === 'counted' ? sum + requests : sum),
        0,
      );
    };
    await timeUntil(async () => (await counted()) === 60);
  });

  test('serve on when the database was emptied, and all of them say so', async () => {
    const text = async (path: string): Promise<string> =>
      (await fetch(`${gateway.url}${path}`, { headers: CLOSE })).text();
    expect(await text('/metrics')).toMatch(/^llm_proxy_store_up 1$/m);
    expect(await text('/metrics')).toMatch(/^llm_proxy_store_adopted 1$/m);
    const database = openDatabase(`sqlite://${join(folder, 'proxy.db')}`);
    for (const _ of MIGRATIONS) await migrateDown(database, { drops: true });
    await migrateUp(database);
    await database.close();
    await timeUntil(async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => text('/readyz')));
      return answers.every((answer) =>
        answer.startsWith('ready, but the contents of the database are not used'),
      );
    });
    expect(await text('/metrics')).toMatch(/^llm_proxy_store_adopted 0$/m);
    expect(JSON.parse(await text('/health'))).toMatchObject({ database: { status: 'not_adopted' } });
    expect(gateway.program.stdout()).toContain(
      'The contents of the database are not used: it is another database',
    );
    expect(await gateway.ask('mk-first-0123456789', 'any')).toBe(200);
    const refused = gateway.admin('POST', '/master-keys', { id: 'more' });
    expect(await refused.catch((error: Error) => error.message)).toMatch(
      /409 .*config\/reload.*database_changed/,
    );
    await gateway.admin('POST', '/config/reload');
    expect(await gateway.ask('mk-first-0123456789', 'any')).toBe(401);
    await timeUntil(async () => (await text('/readyz')) === 'ready');
  });
});

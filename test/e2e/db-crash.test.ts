import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { until } from './gateway.ts';

let postgres: TestDatabaseServer;
let folder: string;

beforeAll(async () => {
  postgres = await sharePostgres();
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-crash-'));
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Listing {
  readonly version: number;
  readonly providers: { id: string; weight: number }[];
}

/** Checks the database's invariants, which hold after any number of writes. Each write creates a provider and its history. */
async function expectWhole(gateway: DatabaseGateway): Promise<Listing> {
  const listing = (await gateway.admin('GET', '/providers')) as unknown as Listing;
  const { history } = (await gateway.admin('GET', '/config/history?limit=1000')) as {
    history: { version: number; action: string }[];
  };
  expect(history.map(({ version }) => version)).toEqual(
    Array.from({ length: listing.version }, (_, n) => listing.version - n),
  );
  expect(new Set(listing.providers.map(({ id }) => `create providers/${id}`))).toEqual(
    new Set(history.map(({ action }) => action)),
  );
  return listing;
}

/** Checks that every write that was answered with success is there. */
function expectAll(confirmed: ReadonlySet<string>, { providers }: Listing): void {
  const ids = new Set(providers.map(({ id }) => id));
  expect([...confirmed].filter((id) => !ids.has(id))).toEqual([]);
}

describe.each(['postgres', 'sqlite'])('a program that is killed while it writes to %s', (engine) => {
  test('leaves each write done or not done, and starts again', async () => {
    const dbUrl = engine === 'postgres' ? await postgres.newDatabase() : `sqlite://${folder}/proxy.db`;
    const confirmed = new Set<string>();
    let number = 0;
    for (let round = 0; round < 3; round++) {
      const gateway = await startDatabaseGateway({ dbUrl, folder });
      expectAll(confirmed, await expectWhole(gateway));
      const writers = Array.from({ length: 4 }, async () => {
        for (;;) {
          const id = `p${number++}`;
          const body = { id, api_base: 'https://api.example.com/v1', api_key: `sk-${id}` };
          if (
            !(await gateway.admin('POST', '/providers', body).then(
              () => true,
              () => false,
            ))
          )
            return;
          confirmed.add(id);
        }
      });
      const known = confirmed.size;
      await Bun.sleep(150 + round * 37);
      await until(() => confirmed.size > known + 2);
      gateway.program.kill('SIGKILL');
      await Promise.all(writers);
      await gateway.program.exited;
    }
    const gateway = await startDatabaseGateway({ dbUrl, folder });
    expectAll(confirmed, await expectWhole(gateway));
    expect(confirmed.size).toBeGreaterThan(8);
    gateway.program.kill('SIGKILL');
    await gateway.program.exited;
  });
});

test('two programs on one SQLite file see what the other one wrote', async () => {
  const dbUrl = `sqlite://${folder}/shared.db`;
  const [first, second] = await Promise.all([
    startDatabaseGateway({ dbUrl, folder }),
    startDatabaseGateway({ dbUrl, folder }),
  ]);
  const ids = Array.from({ length: 20 }, (_, n) => `p${n}`);
  await Promise.all(
    ids.map((id, n) =>
      (n % 2 === 0 ? first : second).admin('POST', '/providers', { id, api_base: 'https://api.example.com' }),
    ),
  );
  expect((await expectWhole(second)).version).toBe(20);
  for (const { program } of [first, second]) program.kill('SIGKILL');
  await Promise.all([first, second].map(({ program }) => program.exited));
});

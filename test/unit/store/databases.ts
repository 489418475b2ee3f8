import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { createKeyring, type Keyring } from '../../../src/store/keyring.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import type { StoreEvent, StoreOptions } from '../../../src/store/store-options.ts';
import {
  sharePostgres,
  startPostgres,
  type TestDatabaseServer,
  type TestPostgres,
} from '../../e2e/db-postgres.ts';

/** Both engines in the form that tests need. Each call of `newUrl` names an empty database. */
export interface TestDatabases {
  readonly newUrl: (engine: Engine) => Promise<string>;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

export interface OwnDatabases extends TestDatabases {
  readonly postgres: TestPostgres;
}

export const ENGINES = ['postgres', 'sqlite'] as const;
export type Engine = (typeof ENGINES)[number];

export async function startDatabases(): Promise<TestDatabases> {
  return databasesOn(await sharePostgres());
}

/** With a server that the test may crash and freeze. */
export async function startOwnDatabases(): Promise<OwnDatabases> {
  const postgres = await startPostgres();
  return { ...(await databasesOn(postgres)), postgres };
}

async function databasesOn(postgres: TestDatabaseServer): Promise<TestDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-db-'));
  return {
    folder,
    newUrl: async (engine) =>
      engine === 'postgres'
        ? postgres.newDatabase()
        : `sqlite://${join(folder, `${crypto.randomUUID()}.db`)}`,
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Deriving a key takes a while on purpose, so the tests share one. */
export const KEYRING: Keyring = createKeyring({ current: 'a passphrase for tests' });

export interface TestStore {
  readonly store: Store;
  readonly events: StoreEvent[];
  readonly inForce: () => Snapshot;
}

export async function openTestStore(url: string, options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const events: StoreEvent[] = [];
  const store = await openStore({
    url,
    keyring: KEYRING,
    env: {},
    overrides: {},
    now: () => new Date(),
    migrates: true,
    lastGoodPath: undefined,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { store, events, inForce: () => store.snapshot() };
}

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { createKeyring, type Keyring } from '../../../src/store/keyring.ts';
import { migrateUp } from '../../../src/store/migrate.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import type { StoreEvent, StoreOptions } from '../../../src/store/store-options.ts';
import {
  sharePostgres,
  startPostgres,
  type TestDatabaseServer,
  type TestPostgres,
} from '../../e2e/db-postgres.ts';

/** Both engines in the form that tests need. */
export interface TestDatabases {
  /** Names a new database with the current schema and no rows. */
  readonly newUrl: (engine: Engine) => Promise<string>;
  /** Names a new database without a schema. */
  readonly emptyUrl: (engine: Engine) => Promise<string>;
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

export interface OpenPostgres {
  /** A new one with the current schema and no rows. */
  readonly database: Database;
  readonly stop: () => Promise<void>;
}

/** Opens one database of PostgreSQL. */
export async function openPostgres(): Promise<OpenPostgres> {
  const server = await sharePostgres();
  const database = openDatabase(await server.newDatabase());
  return {
    database,
    async stop() {
      await database.close();
      await server.stop();
    },
  };
}

/** With a server that the test may crash and freeze. */
export async function startOwnDatabases(): Promise<OwnDatabases> {
  const postgres = await startPostgres();
  return { ...(await databasesOn(postgres)), postgres };
}

async function databasesOn(postgres: TestDatabaseServer): Promise<TestDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-db-'));
  const newFile = (): string => join(folder, `${crypto.randomUUID()}.db`);
  let migrated: Promise<string> | undefined;
  return {
    folder,
    async newUrl(engine) {
      if (engine === 'postgres') return postgres.newDatabase();
      const file = newFile();
      await copyFile(await (migrated ??= migratedFile(newFile())), file);
      return `sqlite://${file}`;
    },
    emptyUrl: async (engine) => (engine === 'postgres' ? postgres.emptyDatabase() : `sqlite://${newFile()}`),
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file of SQLite with the current schema, which no connection has open, so that it can be copied. */
async function migratedFile(file: string): Promise<string> {
  const database = openDatabase(`sqlite://${file}`);
  await migrateUp(database);
  await database.close();
  return file;
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

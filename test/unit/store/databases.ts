import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { createKeyring, type Keyring } from '../../../src/store/keyring.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import type { StoreEvent, StoreOptions } from '../../../src/store/store-options.ts';
import { startPostgres, type TestPostgres } from '../../e2e/db-postgres.ts';

/** Both engines in the form that tests need. Each call of `newUrl` names an empty database. */
export interface TestDatabases {
  readonly newUrl: (engine: Engine) => Promise<string>;
  readonly folder: string;
  readonly postgres: TestPostgres;
  readonly stop: () => Promise<void>;
}

export const ENGINES = ['postgres', 'sqlite'] as const;
export type Engine = (typeof ENGINES)[number];

export async function startDatabases(): Promise<TestDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-db-'));
  const postgres = await startPostgres();
  return {
    folder,
    postgres,
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

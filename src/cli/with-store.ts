import { openStore, type Store } from '../store/store.ts';
import { EXIT } from './command.ts';
import { explainStoreError, readDatabaseEnvironment } from './database-environment.ts';

/** Opens the database that the environment names for one command, and says what stands in the way. */
export async function withStore(work: (store: Store) => Promise<number>): Promise<number> {
  const environment = readDatabaseEnvironment(process.env, 'command');
  if (environment.kind === 'wrong') return failed([environment.message]);
  let store: Store | undefined;
  try {
    store = await openStore({
      ...environment,
      env: {},
      overrides: {},
      now: () => new Date(),
      migrates: true,
      // A command that changes the database must not believe that it has it.
      lastGoodPath: undefined,
      onEvent: () => undefined,
    });
    return await work(store);
  } catch (error) {
    const lines = explainStoreError(error);
    if (lines === undefined) throw error;
    return failed(lines);
  } finally {
    await store?.close().catch(() => undefined);
  }
}

function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(`llm-proxy: ${line}`);
  return EXIT.failed;
}

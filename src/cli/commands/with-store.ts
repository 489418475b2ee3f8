import { openStore, type Store } from '../../store/store.ts';
import { readDatabaseEnvironment } from '../../app/database-environment.ts';
import { failed, withOpened } from './with-opened.ts';

/** Opens the database that the environment names for one command, or prints why it cannot. */
export async function withStore(work: (store: Store) => Promise<number>): Promise<number> {
  const environment = readDatabaseEnvironment(process.env, 'command');
  if (environment.kind === 'wrong') return failed([environment.message]);
  return withOpened(
    () =>
      openStore({
        ...environment,
        env: {},
        overrides: {},
        now: () => new Date(),
        migrates: true,
        // A command that changes the database must not work on a kept copy.
        lastGoodPath: undefined,
        onEvent: () => undefined,
      }),
    work,
  );
}

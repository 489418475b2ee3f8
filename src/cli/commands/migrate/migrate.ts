import { type Database, openDatabase } from '../../../store/database.ts';
import { type Migrated, migrateDown, migrateUp, schemaVersion } from '../../../store/migrate.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import { readSecretVariables } from '../../../app/secret-variables.ts';
import type { migrateDeclaration } from './declaration.ts';
import { failed, withOpened } from '../with-opened.ts';

/** Changes the schema of the database. */
export function migrate({ action }: ValuesOf<typeof migrateDeclaration>): Promise<number> {
  const variables = readSecretVariables(process.env);
  if (variables.kind === 'wrong') return Promise.resolve(failed([variables.message]));
  const url = variables.env['DB_URL'];
  if (!url) return Promise.resolve(failed([NO_DATABASE]));
  return withOpened(
    () => openDatabase(url),
    async (database) => {
      for (const line of await ACTIONS[action](database)) console.log(line);
      return EXIT.ok;
    },
  );
}

const NO_DATABASE =
  'DB_URL is not set. It names the database, such as postgres://user:password@host/llm_proxy.';

const ACTIONS = {
  up: async (database: Database) => describe('applied', await migrateUp(database)),
  down: async (database: Database) => describe('took back', await migrateDown(database)),
  version: async (database: Database) => [String(await schemaVersion(database))],
};

function describe(verb: string, { version, steps }: Migrated): string[] {
  return [
    ...steps.map((step) => `${verb} ${step.version} (${step.name})`),
    steps.length === 0
      ? `nothing to do: the schema has version ${version}`
      : `the schema has version ${version}`,
  ];
}

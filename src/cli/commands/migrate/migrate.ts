import { type Database, openDatabase } from '../../../store/database.ts';
import { type Migrated, migrateDown, migrateUp, schemaVersion } from '../../../store/migrate.ts';
import { type ValuesOf } from '../../command.ts';
import { EXIT } from '../../../exit-code.ts';
import { readSecretVariables } from '../../../app/secret-variables.ts';
import type { migrateDeclaration } from './declaration.ts';
import { Interrupted, openPrompt } from '../init/prompt.ts';
import { failed, withOpened } from '../with-opened.ts';

type ParsedArguments = ValuesOf<typeof migrateDeclaration>;

/** Changes the schema of the database. */
export function migrate(args: ParsedArguments): Promise<number> {
  const variables = readSecretVariables(process.env);
  if (variables.kind === 'wrong') return Promise.resolve(failed([variables.message]));
  const url = variables.env['DB_URL'];
  if (!url) return Promise.resolve(failed([NO_DATABASE]));
  return withOpened(
    () => openDatabase(url),
    async (database) => {
      if (args.action === 'down' && !(await isAgreed(database, args))) {
        return failed([
          '"migrate down" was not confirmed, so nothing was done. Without a terminal, use --yes.',
        ]);
      }
      for (const line of await ACTIONS[args.action](database, args)) console.log(line);
      return EXIT.ok;
    },
  );
}

/** Asks before the last step is taken back, because programs that need it may be running. */
async function isAgreed(database: Database, { yes, drop }: ParsedArguments): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) return false;
  const what = drop ? 'and DELETE its data' : 'and keep its data';
  const prompt = openPrompt();
  try {
    const question = `Revert the last step of the schema of ${database.place} ${what}? (yes/no)`;
    return /^y(?:es)?$/i.test(await prompt.ask(question, { fallback: 'no' }));
  } catch (error) {
    if (error instanceof Interrupted) return false;
    throw error;
  } finally {
    prompt.close();
  }
}

const NO_DATABASE =
  'DB_URL is not set. It names the database, such as postgres://user:password@host/llm_proxy.';

const ACTIONS = {
  up: async (database: Database) => describe('applied', await migrateUp(database)),
  down: async (database: Database, { drop: drops, force: forces }: ParsedArguments) =>
    describe(drops ? 'deleted' : 'took back', await migrateDown(database, { drops, forces })),
  version: async (database: Database) => [String(await schemaVersion(database))],
};

function describe(verb: string, { version, steps }: Migrated): string[] {
  return [
    ...steps.map((step) => `${verb} ${step.version} (${step.name})`),
    steps.length === 0
      ? `nothing to do: the schema is at version ${version}`
      : `the schema is at version ${version}`,
  ];
}

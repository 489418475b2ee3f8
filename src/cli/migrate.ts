import { type Database, openDatabase } from '../store/database.ts';
import { type Migrated, migrateDown, migrateUp, schemaVersion } from '../store/migrate.ts';
import { type Command, EXIT } from './command.ts';
import { withOpened } from './with-opened.ts';

const HELP = `Usage: llm-proxy migrate up|down|version

Changes the schema of the database that DB_URL names.

  up        makes all pending steps, or none if one fails
  down      takes the last step back, with its data
  version   prints the version of the schema; 0: there is none`;

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Change the schema of the database: up, down or version',
  run,
};

const ACTIONS: Readonly<Record<string, (database: Database) => Promise<string[]>>> = {
  up: async (database) => describe('applied', await migrateUp(database)),
  down: async (database) => describe('took back', await migrateDown(database)),
  version: async (database) => [String(await schemaVersion(database))],
};

async function run(args: readonly string[]): Promise<number> {
  const [name = ''] = args;
  if (name === '--help' || name === '-h') {
    console.log(HELP);
    return EXIT.ok;
  }
  const action = ACTIONS[name];
  if (action === undefined || args.length !== 1) {
    console.error(`llm-proxy migrate: say up, down or version.\n\n${HELP}`);
    return EXIT.usage;
  }
  const url = process.env['DB_URL'];
  if (!url) {
    console.error(
      'llm-proxy: DB_URL is not set. It names the database, such as postgres://user:password@host/llm_proxy.',
    );
    return EXIT.failed;
  }
  return migrate(url, action);
}

function migrate(url: string, action: (database: Database) => Promise<string[]>): Promise<number> {
  return withOpened(
    () => openDatabase(url),
    async (database) => {
      for (const line of await action(database)) console.log(line);
      return EXIT.ok;
    },
  );
}

function describe(verb: string, { version, steps }: Migrated): string[] {
  return [
    ...steps.map((step) => `${verb} ${step.version} (${step.name})`),
    steps.length === 0
      ? `nothing to do: the schema has version ${version}`
      : `the schema has version ${version}`,
  ];
}

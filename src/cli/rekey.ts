import { openDatabase, type Database } from '../store/database.ts';
import { requireSchema } from '../store/migrate.ts';
import { rekey } from '../store/rekey.ts';
import { type Command, EXIT } from './command.ts';
import { explainStoreError, readDatabaseEnvironment } from './database-environment.ts';

const HELP = `Usage: llm-proxy rekey

Seals every secret in the database anew under SECRET_KEY (or ADMIN_KEY, where that is not set). What sealed them until
now is OLD_SECRET_KEY or OLD_ADMIN_KEY. All or nothing; it may be repeated.

To change the key without a pause: 1. restart every gateway with the new key and the former one as OLD_SECRET_KEY,
2. run this, 3. restart them without OLD_SECRET_KEY.`;

export const rekeyCommand: Command = {
  name: 'rekey',
  summary: 'Seal the secrets in the database with another key',
  run,
};

async function run(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    const isHelp = args[0] === '--help' || args[0] === '-h';
    console[isHelp ? 'log' : 'error'](HELP);
    return isHelp ? EXIT.ok : EXIT.usage;
  }
  const environment = readDatabaseEnvironment(process.env, 'command');
  if (environment.kind === 'wrong') {
    console.error(`llm-proxy: ${environment.message}`);
    return EXIT.failed;
  }
  let database: Database | undefined;
  try {
    database = openDatabase(environment.url);
    await requireSchema(database);
    const { total, changed } = await rekey(database, environment.keyring);
    console.log(`${changed} of ${total} secrets were sealed anew, with the key ${environment.keyring.keyId}`);
    return EXIT.ok;
  } catch (error) {
    const lines = explainStoreError(error);
    if (lines === undefined) throw error;
    for (const line of lines) console.error(`llm-proxy: ${line}`);
    return EXIT.failed;
  } finally {
    await database?.close().catch(() => undefined);
  }
}

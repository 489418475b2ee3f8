import { openDatabase } from '../store/database.ts';
import { requireSchema } from '../store/migrate.ts';
import { rekey } from '../store/rekey.ts';
import { type Command, EXIT } from './command.ts';
import { readDatabaseEnvironment } from './database-environment.ts';
import { failed, withOpened } from './with-opened.ts';

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
  if (environment.kind === 'wrong') return failed([environment.message]);
  const { url, keyring } = environment;
  return withOpened(
    () => openDatabase(url),
    async (database) => {
      await requireSchema(database);
      const { total, changed } = await rekey(database, keyring);
      console.log(`${changed} of ${total} secrets were sealed anew, with the key ${keyring.keyId}`);
      return EXIT.ok;
    },
  );
}

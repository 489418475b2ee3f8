import { openDatabase } from '../../../store/database.ts';
import { requireSchema } from '../../../store/migrate.ts';
import { rekey } from '../../../store/rekey.ts';
import { EXIT } from '../../../exit-code.ts';
import { readDatabaseEnvironment } from '../../../app/database-environment.ts';
import { failed, withOpened } from '../with-opened.ts';

/** Seals the secrets in the database with another key. */
export async function rekeySecrets(): Promise<number> {
  const environment = readDatabaseEnvironment(process.env, 'command');
  if (environment.kind === 'wrong') return failed([environment.message]);
  const { url, keyring } = environment;
  return withOpened(
    () => openDatabase(url),
    async (database) => {
      await requireSchema(database);
      const { total, changed } = await rekey(database, keyring);
      console.log(`${changed} of ${total} secrets were resealed with the key ${keyring.keyId}`);
      return EXIT.ok;
    },
  );
}

import type { Database } from './database.ts';
import { resealAnswers } from './idempotency-table.ts';
import type { Keyring } from './keyring.ts';
import { resealed } from './stored-row.ts';
import { readSecrets, readVersion, updateSecret } from './tables.ts';

/**
 * Reseals every secret, including those of the history and of kept answers, with the keyring's current key in one
 * transaction. Returns how many secrets had another key. Throws `SealBroken` and changes nothing if the keyring lacks a key.
 */
export function rekey(database: Database, keyring: Keyring): Promise<{ total: number; changed: number }> {
  return database.write(async (sql) => {
    await readVersion(sql, database.dialect);
    const secrets = await readSecrets(sql);
    const former = secrets.filter((secret) => secret.key_id !== keyring.keyId);
    for (const secret of former) await updateSecret(sql, resealed(secret, keyring));
    await resealAnswers(sql, keyring);
    return { total: secrets.length, changed: former.length };
  });
}

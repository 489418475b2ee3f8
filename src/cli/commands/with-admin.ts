import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type AdminClient, adminOverFile, adminOverStore, AdminRefused } from '../../app/admin-client.ts';
import { namesDatabase } from '../../app/secret-variables.ts';
import { readSpendEnvironment } from '../../app/spend-environment.ts';
import { loadConfig } from '../../config/read/load.ts';
import { formatProblem } from '../../config/read/problems.ts';
import { EXIT } from '../../exit-code.ts';
import { type Database, openDatabase } from '../../store/database.ts';
import { failed } from './with-opened.ts';
import { withStore } from './with-store.ts';

/**
 * Gives a command the operations of the Admin API: on the database that `DB_URL` names, else on a configuration file,
 * which they only read. Prints why a call was refused.
 */
export async function withAdmin(
  config: string | undefined,
  work: (admin: AdminClient) => Promise<number>,
): Promise<number> {
  try {
    return namesDatabase(process.env)
      ? await withStore(async (store) => work(await adminOverStore(store)))
      : await withFile(config ?? (process.env['CONFIG_PATH'] || 'config.yaml'), work);
  } catch (error) {
    if (error instanceof AdminRefused) return failed([error.message]);
    throw error;
  }
}

async function withFile(path: string, work: (admin: AdminClient) => Promise<number>): Promise<number> {
  const result = await loadConfig({ path, overrides: {}, env: process.env, version: 1, now: new Date() });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const ledger = openLedger(result.snapshot.spend.store);
  try {
    return await work(await adminOverFile(path, result, ledger));
  } finally {
    await ledger?.close();
  }
}

/** The database of the ledger; undefined: no gateway has made it yet. */
function openLedger(store: string): Database | undefined {
  const path = store.slice('sqlite://'.length);
  const { dataFolder } = readSpendEnvironment(process.env);
  const file = isAbsolute(path) ? path : join(dataFolder, path);
  return existsSync(file) ? openDatabase(`sqlite://${file}`) : undefined;
}

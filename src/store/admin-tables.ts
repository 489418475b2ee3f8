import type { Database } from './database.ts';
import { answersInMemory, keptAnswers, type KeptAnswers } from './idempotency-table.ts';
import { type LastUse, lastUseIn, NO_LAST_USE } from './last-use.ts';
import type { StoreOptions } from './store-options.ts';

/** The tables of the Admin API beside the configuration. */
export interface AdminTables {
  /** The answers that repeated requests get again. */
  readonly answers: KeptAnswers;
  readonly lastUse: LastUse;
}

export function adminTables(
  database: Database,
  { keyring, now }: Pick<StoreOptions, 'keyring' | 'now'>,
): AdminTables {
  const nowMs = (): number => now().getTime();
  return { answers: keptAnswers(database, keyring, nowMs), lastUse: lastUseIn(database, nowMs) };
}

/** The tables of a gateway without a database. */
export function adminTablesInMemory(nowMs: () => number): AdminTables {
  return { answers: answersInMemory(nowMs), lastUse: NO_LAST_USE };
}

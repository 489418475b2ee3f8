import type { Database } from '../database.ts';
import { type Accounts, accountTable } from './account-table.ts';
import { type Sessions, sessionTable } from './session-table.ts';

/** What the console keeps in the database: who may sign in, and who has. */
export interface ConsoleTables {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
}

export function consoleTables(database: Database): ConsoleTables {
  return { accounts: accountTable(database), sessions: sessionTable(database) };
}

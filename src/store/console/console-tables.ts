import type { Database } from '../database.ts';
import { type Accounts, accountTable } from './account-table.ts';
import { type Sessions, sessionTable } from './session-table.ts';

/** The tables of the console: accounts and sessions. */
export interface ConsoleTables {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
}

export function consoleTables(database: Database): ConsoleTables {
  return { accounts: accountTable(database), sessions: sessionTable(database) };
}

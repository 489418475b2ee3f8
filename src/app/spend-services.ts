import type { SpendServices } from '../admin/operation.ts';
import { createHookSender } from '../upstream/hook-sender.ts';
import { endUserHash } from './end-user-hash.ts';

/** What the Admin API uses of the ledger. `database` returns undefined while there is none. */
export function spendServices(database: SpendServices['database']): SpendServices {
  return { database, hashEndUser: endUserHash(process.env), sendHook: createHookSender() };
}

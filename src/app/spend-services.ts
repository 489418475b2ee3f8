import type { SpendServices } from '../admin/operation.ts';
import { createHookSender } from '../upstream/hook-sender.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { pricerAt } from './cost-meter.ts';
import type { SpendSide } from './spend-side.ts';
import { endUserHash } from './end-user-hash.ts';

/** The part of the ledger that the Admin API uses. `database` returns undefined while there is none. */
export function spendServices(
  database: SpendServices['database'],
  { spend, snapshot }: { readonly spend: SpendSide; readonly snapshot: () => Snapshot },
): SpendServices {
  return {
    database,
    flush: () => spend.flush(),
    costAt: pricerAt(snapshot),
    hashEndUser: endUserHash(process.env),
    sendHook: createHookSender(),
  };
}

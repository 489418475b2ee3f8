import type { Database } from '../store/database.ts';
import type { Call, SpendServices } from './operation.ts';
import { AdminProblem } from './problem.ts';

/** The ledger, and what is needed to correct it. Throws `AdminProblem` where there is none. */
export function ledgerOf({
  services,
}: Call): Pick<SpendServices, 'flush' | 'costAt'> & { database: Database } {
  const database = services.spend?.database();
  if (services.spend !== undefined && database !== undefined) return { ...services.spend, database };
  throw new AdminProblem(
    'no_store',
    'Spending is not stored here: the configuration is a file, and none of its limits has a window of a day or longer.',
  );
}

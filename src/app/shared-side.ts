import type { Snapshot } from '../config/snapshot.ts';
import type { CounterLedger } from '../limits/counter.ts';
import { openDatabase } from '../store/database.ts';
import type { LeaseDesk } from '../spend/nodes/lease-desk.ts';
import type { LeaseTrouble } from '../spend/nodes/lease-desk-options.ts';
import type { Log } from '../telemetry/log/log.ts';
import { version } from '../version.ts';
import type { SpendSide } from './spend-side.ts';

/** Limits that several machines share, in the process that has the database. */
export interface SharedSide {
  /** Begins to take leases into these records. `publishAll` makes every process write what it holds of a counter. */
  readonly open: (records: CounterLedger, publishAll: (key: string) => Promise<unknown>) => LeaseDesk;
  readonly desk: () => LeaseDesk | undefined;
  /** Asks for no more leases. */
  readonly stop: () => Promise<void>;
  /** Frees the claims of this machine, once the ledger is closed. */
  readonly close: () => Promise<void>;
}

export interface SharedSideOptions {
  /** The database of database mode. */
  readonly url: string;
  readonly spend: SpendSide;
  readonly snapshot: Snapshot;
  readonly log: () => Log | undefined;
}

/** A database that takes longer than this is gone. Requests do not wait for so long. */
const TIMEOUT_MS = 1000;

/** How often the windows that ended a while ago are deleted. */
const PRUNE_MS = 3_600_000;

/** Shares limits if the configuration asks for it. `problem` says why it cannot be done. */
export async function openShared({ url, spend, snapshot, log }: SharedSideOptions): Promise<{
  readonly side: SharedSide | undefined;
  readonly problem?: string;
}> {
  const { driver, leasePercent: percent, deadlineMs } = snapshot.sharedState;
  if (driver === 'none') return { side: undefined };
  if (url.startsWith('sqlite')) return { side: undefined, problem: NEEDS_POSTGRES };
  const ledger = spend.spend;
  if (ledger === undefined) return { side: undefined, problem: NEEDS_JOURNAL };
  const { LeaseDesk } = await import('../spend/nodes/lease-desk.ts');
  const { LeaseTable } = await import('../spend/nodes/lease-table.ts');
  const database = openDatabase(url, { timeoutMs: TIMEOUT_MS });
  const table = new LeaseTable(database);
  // A failure is repaired by the next run: the rows only take room.
  const pruning = setInterval(() => void table.prune().catch(() => undefined), PRUNE_MS).unref();
  let desk: LeaseDesk | undefined;
  const side: SharedSide = {
    open(records, publishAll) {
      const settle = async (): Promise<boolean> => {
        await ledger.flush();
        return ledger.isSettled();
      };
      const { node, unstoredOf } = ledger;
      desk = new LeaseDesk({
        table,
        ledger: { node, unstoredOf, settle },
        records,
        version,
        percent,
        deadlineMs,
        publishAll,
        onTrouble: (trouble) => tell(trouble, log()),
      });
      spend.share({ onStored: desk.markStored, onFound: desk.adjust });
      return desk;
    },
    desk: () => desk,
    stop: async () => desk?.close(),
    async close() {
      clearInterval(pruning);
      await desk?.leave(ledger.isSettled());
      await database.close();
    },
  };
  return { side };
}

const NEEDS_POSTGRES =
  'shared_state.driver: postgres needs a PostgreSQL database; this gateway counts for itself.';
const NEEDS_JOURNAL =
  'shared_state.driver: postgres needs the journal (spend.journal must not be memory); this gateway counts for itself.';

function tell(trouble: LeaseTrouble, log: Log | undefined): void {
  switch (trouble.type) {
    case 'lost':
      return log?.say('warn', 'warning', {
        text: `The database grants no leases (${trouble.reason}). Requests use those that this gateway has; afterwards limits of a day or longer answer 503 limit_store_unavailable.`,
      });
    case 'back':
      return log?.say('info', 'warning', { text: 'The database grants leases again.' });
    case 'forgotten':
      return log?.say('warn', 'warning', {
        text: 'Other gateways have freed the leases of this one, because it was silent for too long. It takes new ones.',
      });
  }
}

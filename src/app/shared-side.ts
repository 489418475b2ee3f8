import type { Snapshot } from '../config/snapshot.ts';
import { driverOf, type SharedStateSettings } from '../config/spend-settings.ts';
import type { CounterLedger } from '../limits/counter.ts';
import type { LeaseDesk } from '../spend/nodes/lease-desk.ts';
import type { LeaseStore } from '../spend/nodes/lease-store.ts';
import type { Spend } from '../spend/spend.ts';
import type { Log } from '../telemetry/log/log.ts';
import { version } from '../version.ts';
import type { CooldownLedger } from '../routing/cooldown.ts';
import type { RouteChange } from '../routing/route-change.ts';
import { RouteStateTable } from '../store/route-state-table.ts';
import { systemClock } from '../lib/system-clock.ts';
import { StoreChecks } from './store-checks.ts';
import { RouteSync } from './route-sync.ts';
import { type OpenedStore, openLeaseStore } from './lease-store.ts';
import type { SpendSide } from './spend-side.ts';
import { TroubleLog } from './trouble-log.ts';

/** Limits that several machines share, in the process that has the database. */
export interface SharedSide {
  /** Whether only limits under a day, and of requests under way, are shared. The default is false. */
  readonly hasNoWindows?: boolean;
  /** Begins to take leases into these records. `publishAll` makes every process write what it holds of a counter. */
  readonly open: (records: CounterLedger, publishAll: (key: string) => Promise<unknown>) => LeaseDesk;
  readonly desk: () => LeaseDesk | undefined;
  readonly store: LeaseStore;
  /** Begins to talk to the store, about these routes too. Resolves when the state of the other machines is known. */
  readonly start: (cooldowns: CooldownLedger) => Promise<void>;
  /** Tells the others of a route that a worker of this machine has changed. */
  readonly tellRoute: (change: RouteChange) => void;
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

/** How often the windows that ended a while ago are deleted. */
const PRUNE_MS = 3_600_000;

/** Shares limits if the configuration asks for it. `problem` says why it cannot be done. */
export async function openShared({ url, spend, snapshot, log }: SharedSideOptions): Promise<{
  readonly side: SharedSide | undefined;
  readonly problem?: string;
}> {
  const { sharedState } = snapshot;
  const isInPostgres = !url.startsWith('sqlite');
  const driver = driverOf(sharedState, isInPostgres);
  if (driver === 'none') return { side: undefined };
  if (!isInPostgres) return { side: undefined, problem: needs(driver, 'a PostgreSQL database') };
  const ledger = spend.spend;
  if (ledger === undefined) {
    // Without a setting, nothing was promised. Another warning says that replicas count for themselves.
    if (sharedState.driver === 'auto') return { side: undefined };
    return { side: undefined, problem: needs(driver, 'the journal (spend.journal must not be memory)') };
  }
  const { LeaseDesk } = await import('../spend/nodes/lease-desk.ts');
  const opened = await openChecked(driver, sharedState, { url, log });
  if (typeof opened === 'string') return { side: undefined, problem: needs(driver, opened) };
  const { store, database, checks } = opened;
  // A failure is repaired by the next run: the rows only take room.
  const pruning = setInterval(() => void store.prune().catch(() => undefined), PRUNE_MS).unref();
  let desk: LeaseDesk | undefined;
  const routes = new RouteSync(new RouteStateTable(database), systemClock.nowMs);
  const side: SharedSide = {
    store,
    open(records, publishAll) {
      desk = new LeaseDesk({
        ...deskSettings(sharedState),
        store,
        ledger: leaseLedger(ledger),
        records,
        publishAll,
        onTrouble: new TroubleLog(log).tell,
      });
      const onEntered = (entries: Parameters<LeaseStore['enter']>[0]): void =>
        void store.enter(entries).catch(() => undefined);
      spend.share({ onStored: desk.markStored, onFound: desk.adjust, onEntered });
      return desk;
    },
    desk: () => desk,
    async start(cooldowns) {
      await Promise.all([desk?.start(), routes.start(cooldowns)]);
      void checks.start();
    },
    tellRoute: routes.tell,
    async stop() {
      checks.stop();
      routes.close();
      await desk?.close();
    },
    async close() {
      clearInterval(pruning);
      await desk?.leave(ledger.isSettled());
      await store.close();
    },
  };
  return { side };
}

/** Opens the store of leases, and looks at it. Returns what is needed instead if it cannot be used. */
async function openChecked(
  driver: 'postgres' | 'redis',
  settings: SharedStateSettings,
  { url, log }: Pick<SharedSideOptions, 'url' | 'log'>,
): Promise<(OpenedStore & { readonly checks: StoreChecks }) | string> {
  const opened = await openLeaseStore(driver, settings, url);
  if (typeof opened === 'string') return `another setting (${opened})`;
  const { store } = opened;
  const checked = await store.check().catch(() => undefined);
  if (checked?.refused !== undefined) {
    await store.close();
    return checked.refused;
  }
  return { ...opened, checks: new StoreChecks(store, { deadlineMs: settings.deadlineMs, checked, log }) };
}

export function deskSettings({ leasePercent, isExact, money, forget, deadlineMs }: SharedStateSettings) {
  const isLostSpent = forget === 'spent';
  return { version, percent: leasePercent, isExact, whenAway: money, isLostSpent, deadlineMs };
}

function leaseLedger(ledger: Spend) {
  const { node, unstoredOf, storedOf } = ledger;
  const settle = async (): Promise<boolean> => {
    await ledger.flush();
    return ledger.isSettled();
  };
  return { node, unstoredOf, storedOf, settle };
}

export function needs(driver: string, what: string): string {
  return `shared_state.driver: ${driver} needs ${what}; this gateway counts for itself.`;
}

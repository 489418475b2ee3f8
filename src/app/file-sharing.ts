import type { Snapshot } from '../config/snapshot.ts';
import type { LeaseDesk } from '../spend/nodes/lease-desk.ts';
import type { LeaseLedger } from '../spend/nodes/lease-desk-options.ts';
import type { Log } from '../telemetry/log/log.ts';
import { openRedis } from './lease-store.ts';
import { deskSettings, needs, type SharedSide } from './shared-side.ts';
import type { Sharing } from './sharing.ts';
import { StoreChecks } from './store-checks.ts';
import { TroubleLog } from './trouble-log.ts';

export interface FileSharingOptions {
  readonly snapshot: Snapshot;
  readonly log: () => Log | undefined;
}

const PRUNE_MS = 3_600_000;
/** Gateways on one Redis that have no database have no other name in common. */
const NAMESPACE = 'llm-proxy';

/**
 * Shares the limits of gateways that serve a file through Redis: those under a day, and of requests under way. The others need a
 * ledger that all gateways have.
 */
export async function openFileSharing({ snapshot, log }: FileSharingOptions): Promise<Sharing | undefined> {
  const { sharedState } = snapshot;
  if (sharedState.driver !== 'redis') return undefined;
  const redis = await openRedis(sharedState);
  if (typeof redis === 'string') return unshared(needs('redis', `another setting (${redis})`));
  const { RedisRates } = await import('../redis/redis-rates.ts');
  const store = new RedisRates({ redis, namespace: sharedState.namespace ?? NAMESPACE });
  const checked = await store.check().catch(() => undefined);
  if (checked?.refused !== undefined) {
    await store.close();
    return unshared(needs('redis', checked.refused));
  }
  const checks = new StoreChecks(store, { deadlineMs: sharedState.deadlineMs, checked, log });
  const { LeaseDesk } = await import('../spend/nodes/lease-desk.ts');
  const pruning = setInterval(() => void store.prune().catch(() => undefined), PRUNE_MS).unref();
  let desk: LeaseDesk | undefined;
  // Every process is a node of its own, which has nothing in a ledger.
  const node = crypto.randomUUID();
  const side: SharedSide = {
    hasNoWindows: true,
    store,
    open(records, publishAll) {
      desk = new LeaseDesk({
        ...deskSettings(sharedState),
        store,
        ledger: noLedger(node),
        records,
        publishAll,
        onTrouble: new TroubleLog(log).tell,
      });
      return desk;
    },
    desk: () => desk,
    async start() {
      await desk?.start();
      void checks.start();
    },
    tellRoute: () => undefined,
    async stop() {
      checks.stop();
      await desk?.close();
    },
    async close() {
      clearInterval(pruning);
      await desk?.leave(true);
      await store.close();
    },
  };
  return {
    side,
    node,
    problem: undefined,
    state: () => desk?.status(),
    leases: () => store,
    stop: side.stop,
    close: side.close,
  };
}

/** This gateway counts for itself, for a reason that it tells. */
function unshared(problem: string): Sharing {
  const nothing = async (): Promise<void> => undefined;
  return {
    side: undefined,
    problem,
    state: () => undefined,
    leases: () => undefined,
    stop: nothing,
    close: nothing,
  };
}

function noLedger(node: string): LeaseLedger {
  return {
    node,
    unstoredOf: () => 0,
    storedOf: () => 0,
    settle: () => Promise.resolve(true),
  };
}

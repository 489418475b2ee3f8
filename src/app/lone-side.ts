import type { Snapshot } from '../config/snapshot.ts';
import { openDatabase } from '../store/database.ts';
import type { Log } from '../telemetry/log/log.ts';
import type { LeaseState } from '../telemetry/metrics/lease-state.ts';
import { version } from '../version.ts';
import type { SpendSide } from './spend-side.ts';

/** A gateway on PostgreSQL that counts for itself, and looks whether there are others. */
export interface LoneSide {
  readonly state: () => LeaseState;
  readonly close: () => Promise<void>;
}

export interface LoneSideOptions {
  /** The database of database mode. */
  readonly url: string;
  readonly spend: SpendSide;
  readonly snapshot: Snapshot;
  readonly log: () => Log | undefined;
}

/** Begins to look. undefined: there are no limits that others could exceed, or no database that others could use. */
export async function openLone({
  url,
  spend,
  snapshot,
  log,
}: LoneSideOptions): Promise<LoneSide | undefined> {
  if (url.startsWith('sqlite') || snapshot.limits.isEmpty) return undefined;
  const { NodeBeat } = await import('../spend/nodes/node-beat.ts');
  const { LeaseTable } = await import('../spend/nodes/lease-table.ts');
  const beat = new NodeBeat({
    store: new LeaseTable(openDatabase(url)),
    node: spend.spend?.node ?? crypto.randomUUID(),
    version,
    onSeveral: (nodes) =>
      log()?.say('warn', 'warning', {
        text: `${nodes} gateways use this database, and this one counts limits for itself: together they allow up to ${nodes} times a limit. See docs/many-machines.md.`,
      }),
  });
  beat.start();
  return { state: () => ({ nodes: beat.nodes }), close: () => beat.stop() };
}

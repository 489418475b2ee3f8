import type { LeaseStore } from '../spend/nodes/lease-store.ts';
import type { LeaseState } from '../telemetry/metrics/lease-state.ts';
import { openLone } from './lone-side.ts';
import { openShared, type SharedSide, type SharedSideOptions } from './shared-side.ts';

/** How a gateway with a database and others on it share limits. */
export interface Sharing {
  /** undefined: this gateway counts for itself. */
  readonly side: SharedSide | undefined;
  /** Why limits cannot be shared as the configuration says. */
  readonly problem: string | undefined;
  /** The id of this gateway there, if its journal does not give it. */
  readonly node?: string;
  readonly state: () => LeaseState | undefined;
  readonly leases: () => LeaseStore | undefined;
  /** Asks for no more leases. */
  readonly stop: () => Promise<void>;
  /** Frees the claims of this machine, once the ledger is closed. */
  readonly close: () => Promise<void>;
}

/** Shares limits if the configuration asks for it. Otherwise it looks whether there are other gateways. */
export async function openSharing(options: SharedSideOptions): Promise<Sharing> {
  const { side, problem } = await openShared(options);
  const lone = side === undefined ? await openLone(options) : undefined;
  return {
    side,
    problem,
    state: () => side?.desk()?.status() ?? lone?.state(),
    leases: () => side?.store,
    stop: async () => side?.stop(),
    close: async () => (side ?? lone)?.close(),
  };
}

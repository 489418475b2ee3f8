import type { Snapshot } from '../config/snapshot.ts';
import type { LaterCosts, LaterEvent } from '../gateway/later/later-costs.ts';
import type { LaterLedger } from '../spend/later/later-ledger.ts';
import type { Database } from '../store/database.ts';

export interface LaterSideOptions {
  readonly database: () => Database | undefined;
  /** The configuration in force; undefined before the first. */
  readonly snapshot: () => Snapshot | undefined;
  readonly onBug: (error: unknown) => void;
}

/** Settles what providers report later, in the process with the ledger. Its code is loaded with the first such event. */
export class LaterSide implements LaterCosts {
  readonly #options: LaterSideOptions;
  #ledger: Promise<LaterLedger> | undefined;

  constructor(options: LaterSideOptions) {
    this.#options = options;
  }

  note(event: LaterEvent): void {
    const { database: open, snapshot, onBug } = this.#options;
    const [database, first] = [open(), snapshot()];
    // Without a ledger, nothing keeps a cost.
    if (database === undefined || first === undefined) return;
    this.#ledger ??= loadLedger(database, () => snapshot() ?? first, onBug);
    void this.#ledger.then((ledger) => ledger.note(event), onBug);
  }

  /** Stores what waits. The database must still be open. */
  async close(): Promise<void> {
    await (await this.#ledger)?.close();
  }
}

async function loadLedger(
  database: Database,
  snapshot: () => Snapshot,
  onBug: (error: unknown) => void,
): Promise<LaterLedger> {
  const { LaterLedger } = await import('../spend/later/later-ledger.ts');
  const { pricerAt } = await import('./cost-meter.ts');
  return new LaterLedger({ database, snapshot, costAt: pricerAt(snapshot), nowMs: Date.now, onBug });
}

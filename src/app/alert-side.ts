import type { AlertWatch } from '../spend/alerts/alert-watch.ts';
import type { Database } from '../store/database.ts';
import { createHookSender } from '../upstream/hook-sender.ts';
import type { Serving } from './serving.ts';
import type { SpendSide } from './spend-side.ts';

export interface AlertSideOptions {
  /** The database of the ledger; undefined while there is none. */
  readonly database: () => Database | undefined;
  readonly spend: SpendSide;
  readonly serving: Pick<Serving, 'snapshot' | 'emit' | 'log'>;
}

/** How often to check whether there is a ledger to watch. */
const OPEN_MS = 10_000;

/**
 * The alerts of a gateway, in the process that has the configuration. They begin once there is a ledger; their code is
 * loaded then.
 */
export class AlertSide {
  readonly #options: AlertSideOptions;
  #watch: Promise<AlertWatch> | undefined;
  readonly #timer: Timer;

  constructor(options: AlertSideOptions) {
    this.#options = options;
    options.spend.onStored(() => void this.#look());
    this.#timer = setInterval(() => this.#open(), OPEN_MS);
    this.#timer.unref();
    this.#open();
  }

  /** Waits for the running check. The database must still be open. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await (await this.#watch)?.close();
  }

  async #look(): Promise<void> {
    this.#open();
    await (await this.#watch)?.look();
  }

  #open(): void {
    const database = this.#options.database();
    if (database === undefined || this.#watch !== undefined) return;
    clearInterval(this.#timer);
    this.#watch = this.#begin(database);
  }

  async #begin(database: Database): Promise<AlertWatch> {
    const { AlertWatch } = await import('../spend/alerts/alert-watch.ts');
    const { alertText } = await import('../spend/alerts/alert.ts');
    const { snapshot, emit } = this.#options.serving;
    return new AlertWatch({
      database,
      snapshot,
      send: createHookSender(),
      nowMs: Date.now,
      onAlert: ({ state, body }) => emit({ type: 'alert-ended', state, text: alertText(body) }),
      onTrouble: (error) => {
        // The database reports its outage itself.
        if (!isOfDatabase(error)) emit({ type: 'bug', requestId: undefined, error });
      },
    });
  }
}

function isOfDatabase(error: unknown): boolean {
  return error instanceof Error && error.name === 'StoreUnavailable';
}

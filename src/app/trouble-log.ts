import type { LeaseTrouble } from '../spend/nodes/lease-desk-options.ts';
import type { Log } from '../telemetry/log/log.ts';

/** Two lines about the store of leases are at least this far apart. */
export const PAUSE_MS = 1000;

/**
 * Tells the log about the store of leases: at once, but no more than a line a second. If the store goes and comes
 * back meanwhile, only its last state is told, unless the last line says it already.
 */
export class TroubleLog {
  readonly #log: () => Log | undefined;
  readonly #after: typeof wait;
  #said: LeaseTrouble['type'] = 'back';
  #isPaused = false;
  #waiting: LeaseTrouble[] = [];

  constructor(log: () => Log | undefined, after = wait) {
    this.#log = log;
    this.#after = after;
  }

  readonly tell = (trouble: LeaseTrouble): void => {
    const replaces = (type: LeaseTrouble['type']): boolean =>
      (type === 'forgotten') === (trouble.type === 'forgotten');
    this.#waiting = [...this.#waiting.filter(({ type }) => !replaces(type)), trouble];
    if (!this.#isPaused) this.#sayNext();
  };

  #sayNext(): void {
    this.#isPaused = false;
    const trouble = this.#waiting.shift();
    if (trouble === undefined) return;
    if (trouble.type === this.#said) return this.#sayNext();
    if (trouble.type !== 'forgotten') this.#said = trouble.type;
    this.#isPaused = true;
    this.#after(PAUSE_MS, () => this.#sayNext());
    say(trouble, this.#log());
  }
}

function wait(ms: number, run: () => void): void {
  setTimeout(run, ms).unref();
}

function say(trouble: LeaseTrouble, log: Log | undefined): void {
  switch (trouble.type) {
    case 'lost':
      return log?.say('warn', 'warning', {
        text: `The store of shared limits grants no leases (${trouble.reason}). Requests use those that this gateway has; afterwards limits of a day or longer answer 503 limit_store_unavailable.`,
      });
    case 'back':
      return log?.say('info', 'warning', { text: 'The store of shared limits grants leases again.' });
    case 'forgotten':
      return log?.say('warn', 'warning', {
        text: 'Other gateways have freed the leases of this one, because it was silent for too long. It takes new ones.',
      });
  }
}

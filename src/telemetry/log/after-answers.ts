import type { GatewayEvent } from '../../gateway/events.ts';
import type { Emit } from '../../gateway/ports.ts';
import { socketTurn } from '../../lib/socket-turn.ts';

/** Events of usual requests, of which nothing changes later. */
const PATIENT: ReadonlySet<GatewayEvent['type']> = new Set([
  'request-started',
  'request-received',
  'attempt-ended',
  'request-ended',
]);

/**
 * Passes events on in order. Those of usual requests wait until what the sockets write in this turn of the event loop is
 * on its way, so that no client and no provider waits for the log.
 */
export class AfterAnswers {
  readonly #listen: Emit;
  readonly #onError: (error: unknown) => void;
  readonly #waiting: GatewayEvent[] = [];

  constructor(listen: Emit, onError: (error: unknown) => void) {
    this.#listen = listen;
    this.#onError = onError;
  }

  listen(event: GatewayEvent): void {
    const count = this.#waiting.push(event);
    if (!PATIENT.has(event.type)) this.pass();
    else if (count === 1) socketTurn.afterWrites(this.pass);
  }

  /** Passes on what is waiting. */
  readonly pass = (): void => {
    const waiting = this.#waiting;
    for (let at = 0; at < waiting.length; at++) {
      const event = waiting[at];
      if (event !== undefined) this.#give(event);
    }
    waiting.length = 0;
  };

  #give(event: GatewayEvent): void {
    try {
      this.#listen(event);
    } catch (error) {
      this.#onError(error);
    }
  }
}

import type { Outcome } from '../routing/outcome.ts';
import type { CallOff, Clock } from './ports.ts';

/** Why an attempt was called off by us. */
export type Cut = 'client-left' | 'connect' | 'first-byte' | 'idle' | 'attempt' | 'deadline';

/**
 * Everything that can call an attempt off, tied together: the client leaving, the request's deadline, and the
 * two limits on a provider's silence.
 *
 * It is **waiting for the first byte** until `answered()`, then **relaying**: now only the time counts in which a
 * read is pending (`reading` to `arrived`), so that a slow client is never taken for a silent provider. `release()`
 * ends it. One alarm serves all chunks: it is not set anew for each, but looks at the clock when it rings.
 */
export class Leash implements CallOff {
  onCallOff: (() => void) | undefined;
  readonly #clock: Clock;
  readonly #client: AbortSignal;
  readonly #idleMs: number;
  #cut: Cut | undefined;
  #readingSinceMs: number | undefined;
  #isLingering = false;
  #isReleased = false;
  #stopSilence: () => void;
  readonly #stopDeadline: () => void;

  /** `budgetMs` is what the request's own limit leaves. */
  constructor(
    client: AbortSignal,
    clock: Clock,
    { limits, budgetMs }: { readonly limits: LeashLimits; readonly budgetMs: number },
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#idleMs = limits.idleMs;
    this.#stopSilence = this.#alarm(limits.firstByteMs, () => this.cut('first-byte'));
    const last = budgetMs < limits.attemptMs ? 'deadline' : 'attempt';
    this.#stopDeadline = this.#alarm(Math.min(limits.attemptMs, budgetMs), () => this.cut(last));
    if (client.aborted) this.cut('client-left');
    else client.addEventListener('abort', this.#clientLeft, { once: true });
  }

  get isCalledOff(): boolean {
    return this.#cut !== undefined;
  }

  /** Why the attempt was called off; undefined while it was not. */
  get cause(): Cut | undefined {
    return this.#cut;
  }

  cut(cause: Cut): void {
    if (this.#cut !== undefined) return;
    this.#cut = cause;
    this.onCallOff?.();
  }

  /** The first byte that counts is there: from now on it is the silence between chunks that is limited. */
  answered(): void {
    if (this.#isLingering) return;
    this.#stopSilence();
    this.#stopSilence = this.#alarm(this.#idleMs, this.#checkSilence);
  }

  /** The answer is complete; whoever does not close the connection within `ms` has it closed. */
  linger(ms: number): void {
    this.#isLingering = true;
    this.#stopSilence();
    this.#stopSilence = this.#alarm(ms, () => this.cut('idle'));
  }

  reading(): void {
    this.#readingSinceMs = this.#clock.nowMs();
  }

  arrived(): void {
    this.#readingSinceMs = undefined;
  }

  /**
   * The attempt is over: no alarm rings any more, or is set, and the client's signal is let go. A stream may have ended
   * in the block that its first content came in, so that `answered` and `linger` come later.
   */
  release(): void {
    this.#isReleased = true;
    this.#stopSilence();
    this.#stopDeadline();
    this.#client.removeEventListener('abort', this.#clientLeft);
  }

  readonly #clientLeft = (): void => this.cut('client-left');

  readonly #checkSilence = (): void => {
    const silentMs = this.#readingSinceMs === undefined ? 0 : this.#clock.nowMs() - this.#readingSinceMs;
    if (silentMs >= this.#idleMs) this.cut('idle');
    else this.#stopSilence = this.#alarm(this.#idleMs - silentMs, this.#checkSilence);
  };

  #alarm(ms: number, ring: () => void): () => void {
    return Number.isFinite(ms) && !this.#isReleased ? this.#clock.alarm(ms, ring) : noAlarm;
  }
}

export interface LeashLimits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** The attempt as a whole, its stream included. */
  readonly attemptMs: number;
}

function noAlarm(): void {
  // An infinite limit, or one of an attempt that is over, sets no alarm, so there is none to call off.
}

/** What an attempt that was called off came to. */
export function outcomeOfCut(cut: Cut): Outcome {
  switch (cut) {
    case 'client-left':
      return { kind: 'cancelled' };
    case 'connect':
    case 'idle':
      return { kind: 'timed-out', phase: cut };
    case 'first-byte':
    case 'attempt':
      return { kind: 'timed-out', phase: 'first-byte' };
    case 'deadline':
      return { kind: 'timed-out', phase: 'request' };
  }
}

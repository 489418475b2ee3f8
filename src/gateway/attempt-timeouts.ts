import type { Outcome } from '../routing/outcome.ts';
import type { Cancellation, Clock } from './ports.ts';

/** Why an attempt was called off by us. */
export type AbortCause =
  | 'client-left'
  | 'connect'
  | 'first-byte'
  | 'thinking'
  | 'idle'
  | 'attempt'
  | 'deadline';

/**
 * Everything that can call an attempt off, tied together: the client leaving, the request's deadline, and the
 * limits on a provider's silence.
 *
 * It is **waiting** until `answered()`. A stream that is `alive()` meanwhile renews the limit on its silence, and one that
 * says that its model thinks may be silent; both together only for so long. Then it is **relaying**: now only the time
 * counts in which a read is pending (`reading` to `arrived`), so that a slow client is never taken for a silent
 * provider. `release()` ends it. One setTimer serves all chunks: it is not set anew for each, but looks at the clock when
 * it rings.
 */
export class AttemptTimeouts implements Cancellation {
  onCancel: (() => void) | undefined;
  readonly #clock: Clock;
  readonly #client: AbortSignal;
  readonly #limits: LeashLimits;
  #cut: AbortCause | undefined;
  #readingSinceMs: number | undefined;
  /** When the provider gave its first sign of life in front of any content; undefined: it has given none. */
  #aliveSinceMs: number | undefined;
  #aliveAtMs = 0;
  #isThinking = false;
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
    this.#limits = limits;
    this.#stopSilence = this.#setTimer(limits.firstByteMs, () => this.cut('first-byte'));
    const last = budgetMs < limits.attemptMs ? 'deadline' : 'attempt';
    this.#stopDeadline = this.#setTimer(Math.min(limits.attemptMs, budgetMs), () => this.cut(last));
    if (client.aborted) this.cut('client-left');
    else client.addEventListener('abort', this.#clientLeft, { once: true });
  }

  get isCancelled(): boolean {
    return this.#cut !== undefined;
  }

  /** Why the attempt was called off; undefined while it was not. */
  get cause(): AbortCause | undefined {
    return this.#cut;
  }

  cut(cause: AbortCause): void {
    if (this.#cut !== undefined) return;
    this.#cut = cause;
    this.onCancel?.();
  }

  /** The provider said something that is no content: an event, a comment, or a part of one. Returns whether it is the first. */
  alive(): boolean {
    this.#aliveAtMs = this.#clock.nowMs();
    if (this.#aliveSinceMs !== undefined) return false;
    this.#aliveSinceMs = this.#aliveAtMs;
    if (!this.#isLingering) this.#watch(this.#checkLife, this.#dueMs());
    return true;
  }

  /** The provider said that its model thinks: until the next content, its silence is no sign of its death. */
  thinking(): void {
    if (this.#isThinking) return;
    this.#isThinking = true;
    // The limit was that of a silence, and may be the longer of the two.
    if (this.#aliveSinceMs === undefined && !this.#isLingering)
      this.#watch(this.#checkSilence, this.#silenceMs());
  }

  /** The first content is there: from now on it is the silence between chunks that is limited. */
  answered(): void {
    this.#aliveSinceMs = undefined;
    this.#isThinking = false;
    if (!this.#isLingering) this.#watch(this.#checkSilence, this.#limits.idleMs);
  }

  /** The answer is complete; whoever does not close the connection within `ms` has it closed. */
  closeGrace(ms: number): void {
    this.#isLingering = true;
    this.#watch(() => this.cut('idle'), ms);
  }

  reading(): void {
    this.#readingSinceMs = this.#clock.nowMs();
  }

  arrived(): void {
    this.#readingSinceMs = undefined;
  }

  /**
   * The attempt is over: no setTimer rings any more, or is set, and the client's signal is let go. A stream may have ended
   * in the block that its first content came in, so that `answered` and `closeGrace` come later.
   */
  release(): void {
    this.#isReleased = true;
    this.#stopSilence();
    this.#stopDeadline();
    this.#client.removeEventListener('abort', this.#clientLeft);
  }

  readonly #clientLeft = (): void => this.cut('client-left');

  /** How long a stream that is alive without content may go on from now without another word. */
  #dueMs(): number {
    const { firstByteMs, thinkingMs } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const silenceMs = this.#isThinking ? Infinity : this.#aliveAtMs + firstByteMs - nowMs;
    return Math.min(silenceMs, (this.#aliveSinceMs ?? nowMs) + thinkingMs - nowMs);
  }

  readonly #checkLife = (): void => {
    const dueMs = this.#dueMs();
    if (dueMs > 0) return this.#watch(this.#checkLife, dueMs);
    const aliveMs = this.#clock.nowMs() - (this.#aliveSinceMs ?? 0);
    this.cut(aliveMs >= this.#limits.thinkingMs ? 'thinking' : 'first-byte');
  };

  #silenceMs(): number {
    const { idleMs, thinkingMs } = this.#limits;
    return this.#isThinking ? Math.max(idleMs, thinkingMs) : idleMs;
  }

  readonly #checkSilence = (): void => {
    const silentMs = this.#readingSinceMs === undefined ? 0 : this.#clock.nowMs() - this.#readingSinceMs;
    const limitMs = this.#silenceMs();
    if (silentMs >= limitMs) this.cut(this.#isThinking ? 'thinking' : 'idle');
    else this.#watch(this.#checkSilence, limitMs - silentMs);
  };

  #watch(ring: () => void, ms: number): void {
    this.#stopSilence();
    this.#stopSilence = this.#setTimer(ms, ring);
  }

  #setTimer(ms: number, ring: () => void): () => void {
    return Number.isFinite(ms) && !this.#isReleased ? this.#clock.setTimer(ms, ring) : noAlarm;
  }
}

export interface LeashLimits {
  /** Until the first byte, and the silence of a stream that is alive without content. */
  readonly firstByteMs: number;
  /** A stream that is alive without content, as a whole. */
  readonly thinkingMs: number;
  readonly idleMs: number;
  /** The attempt as a whole, its stream included. */
  readonly attemptMs: number;
}

function noAlarm(): void {
  // An infinite limit, or one of an attempt that is over, sets no setTimer, so there is none to call off.
}

/** What an attempt that was called off came to. */
export function outcomeOfAbort(cut: AbortCause): Outcome {
  switch (cut) {
    case 'client-left':
      return { kind: 'cancelled' };
    case 'connect':
    case 'idle':
    case 'thinking':
      return { kind: 'timed-out', phase: cut };
    case 'first-byte':
    case 'attempt':
      return { kind: 'timed-out', phase: 'first-byte' };
    case 'deadline':
      return { kind: 'timed-out', phase: 'request' };
  }
}

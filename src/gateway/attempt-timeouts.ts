import type { Signal } from '../lib/signal.ts';
import type { Outcome } from '../routing/outcome.ts';
import type { Cancellation, Clock } from './ports.ts';

/** Why the gateway aborted an attempt. */
export type AbortCause =
  | 'client-left'
  | 'connect'
  | 'first-byte'
  | 'thinking'
  | 'idle'
  | 'attempt'
  | 'deadline';

/**
 * Combines everything that can abort an attempt: the client's disconnect, the request's deadline, and the limits on a
 * provider's silence.
 *
 * The attempt is **waiting** until `answered()`. Meanwhile each `alive()` restarts the limit on silence, and
 * `thinking()` suspends it; a total limit applies to both. It is then **relaying**, where only pending reads count
 * (`reading` to `arrived`), so that a slow client is never mistaken for a silent provider. `release()` ends it. A
 * single timer serves all chunks: it compares the clock when it fires instead of being restarted for each chunk.
 */
export class AttemptTimeouts implements Cancellation {
  onCancel: (() => void) | undefined;
  /** For the step that connects to the provider. */
  readonly connectTimedOut: () => void;
  readonly #timeUp: () => void;
  readonly #clientLeft: () => void;
  readonly #clock: Clock;
  readonly #client: Signal;
  readonly #limits: AttemptLimits;
  #cause: AbortCause | undefined;
  #readingSinceMs: number | undefined;
  /** Whether pieces have passed since the silence was last checked. */
  #hasPassed = false;
  /** When the provider gave its first sign of life before any content; undefined if it has given none. */
  #aliveSinceMs: number | undefined;
  #aliveAtMs = 0;
  #isThinking = false;
  #isLingering = false;
  #isReleased = false;
  /** The event that the running timer waits for. */
  #awaited: 'first-byte' | 'life' | 'piece' | 'close' = 'first-byte';
  #stopSilence: () => void;
  #stopDeadline: () => void = noTimer;

  /** `budgetMs` is what remains of the request's total limit. */
  constructor(client: Signal, clock: Clock, limits: AttemptLimits, budgetMs: number) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
    // Made here, they share one scope; made as fields, each would have its own.
    this.#timeUp = () => this.#expire();
    this.#clientLeft = () => this.abort('client-left');
    this.connectTimedOut = () => this.abort('connect');
    this.#stopSilence = this.#setTimer(limits.firstByteMs, this.#timeUp);
    if (budgetMs < limits.attemptMs) this.#limitTotal(budgetMs, 'deadline');
    else if (limits.attemptMs < Infinity) this.#limitTotal(limits.attemptMs, 'attempt');
    if (client.aborted) this.abort('client-left');
    else client.addEventListener('abort', this.#clientLeft, ONCE);
  }

  get isCancelled(): boolean {
    return this.#cause !== undefined;
  }

  /** Why the attempt was aborted; undefined if it was not. */
  get cause(): AbortCause | undefined {
    return this.#cause;
  }

  abort(cause: AbortCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.onCancel?.();
  }

  /** Notes a sign of life without content: an event, a comment, or a part of one. Returns whether it is the first. */
  alive(): boolean {
    this.#aliveAtMs = this.#clock.nowMs();
    if (this.#aliveSinceMs !== undefined) return false;
    this.#aliveSinceMs = this.#aliveAtMs;
    if (!this.#isLingering) this.#watch('life', this.#dueMs());
    return true;
  }

  /** Notes that the model is thinking. Silence is accepted until the next content. */
  thinking(): void {
    if (this.#isThinking) return;
    this.#isThinking = true;
    // The pending timer limits a silence, and may be longer than the limit on thinking.
    if (this.#aliveSinceMs === undefined && !this.#isLingering) this.#watch('piece', this.#silenceMs());
  }

  /** Notes the first content. From now on, the silence between chunks is limited. */
  answered(): void {
    this.#aliveSinceMs = undefined;
    this.#isThinking = false;
    if (!this.#isLingering) this.#watch('piece', this.#limits.idleMs);
  }

  /** Notes that the answer is complete. The connection is aborted if it does not end within `ms`. */
  closeGrace(ms: number): void {
    this.#isLingering = true;
    this.#watch('close', ms);
  }

  reading(): void {
    this.#readingSinceMs = this.#clock.nowMs();
  }

  /** Notes that a piece was read and the next read is pending, without asking the clock: the next check does that. */
  passed(): void {
    this.#hasPassed = true;
  }

  arrived(): void {
    this.#readingSinceMs = undefined;
  }

  /**
   * Ends the attempt: stops all timers, starts no further ones, and detaches from the client's signal. A stream may
   * end in the same block as its first content, so `answered` and `closeGrace` may still be called afterwards.
   */
  release(): void {
    this.#isReleased = true;
    this.#stopSilence();
    this.#stopDeadline();
    this.#client.removeEventListener('abort', this.#clientLeft);
  }

  /** How long a stream that is alive without content may continue without another sign of life, in milliseconds. */
  #dueMs(): number {
    const { firstByteMs, thinkingMs } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const silenceMs = this.#isThinking ? Infinity : this.#aliveAtMs + firstByteMs - nowMs;
    return Math.min(silenceMs, (this.#aliveSinceMs ?? nowMs) + thinkingMs - nowMs);
  }

  #checkLife(): void {
    const dueMs = this.#dueMs();
    if (dueMs > 0) return this.#watch('life', dueMs);
    const aliveMs = this.#clock.nowMs() - (this.#aliveSinceMs ?? 0);
    this.abort(aliveMs >= this.#limits.thinkingMs ? 'thinking' : 'first-byte');
  }

  #silenceMs(): number {
    const { idleMs, thinkingMs } = this.#limits;
    return this.#isThinking ? Math.max(idleMs, thinkingMs) : idleMs;
  }

  #checkSilence(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#hasPassed && this.#readingSinceMs !== undefined) this.#readingSinceMs = nowMs;
    this.#hasPassed = false;
    const silentMs = this.#readingSinceMs === undefined ? 0 : nowMs - this.#readingSinceMs;
    const limitMs = this.#silenceMs();
    if (silentMs >= limitMs) this.abort(this.#isThinking ? 'thinking' : 'idle');
    else this.#watch('piece', Math.min(limitMs - silentMs, Math.ceil(limitMs / CHECKS)));
  }

  #watch(awaited: 'life' | 'piece' | 'close', ms: number): void {
    this.#stopSilence();
    this.#awaited = awaited;
    this.#stopSilence = this.#setTimer(ms, this.#timeUp);
  }

  #expire(): void {
    switch (this.#awaited) {
      case 'first-byte':
        return this.abort('first-byte');
      case 'life':
        return this.#checkLife();
      case 'piece':
        return this.#checkSilence();
      case 'close':
        return this.abort('idle');
    }
  }

  #limitTotal(ms: number, cause: 'attempt' | 'deadline'): void {
    this.#stopDeadline = this.#setTimer(ms, () => this.abort(cause));
  }

  #setTimer(ms: number, ring: () => void): () => void {
    return Number.isFinite(ms) && !this.#isReleased ? this.#clock.setTimer(ms, ring) : noTimer;
  }
}

const ONCE = { once: true } as const;

/** How often a limit on silence is checked while it lasts. A silence may be noticed that much too late. */
const CHECKS = 16;

export interface AttemptLimits {
  /** Limit until the first byte, and on the silence of a stream without content. */
  readonly firstByteMs: number;
  /** Total limit on a stream without content. */
  readonly thinkingMs: number;
  readonly idleMs: number;
  /** Limit on the whole attempt, including its stream. */
  readonly attemptMs: number;
}

function noTimer(): void {
  // An infinite limit, or a released attempt, starts no timer.
}

/** Returns the outcome of an aborted attempt. */
export function outcomeOfAbort(cause: AbortCause): Outcome {
  switch (cause) {
    case 'client-left':
      return { kind: 'cancelled' };
    case 'connect':
    case 'idle':
    case 'thinking':
      return { kind: 'timed-out', phase: cause };
    case 'first-byte':
    case 'attempt':
      return { kind: 'timed-out', phase: 'first-byte' };
    case 'deadline':
      return { kind: 'timed-out', phase: 'request' };
  }
}

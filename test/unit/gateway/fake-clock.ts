import type { Clock } from '../../../src/gateway/ports.ts';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #nowMs = 1_000;
  #alarms: { readonly atMs: number; readonly ring: () => void }[] = [];
  /** How long each sleep was asked to last. */
  readonly sleeps: number[] = [];

  readonly nowMs = (): number => this.#nowMs;
  readonly epochMs = (): number => 1_700_000_000_000 + this.#nowMs;

  readonly setTimer = (ms: number, ring: () => void): (() => void) => {
    const setTimer = { atMs: this.#nowMs + ms, ring };
    this.#alarms.push(setTimer);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== setTimer);
    };
  };

  /** TimerQueue that are set. */
  get pending(): number {
    return this.#alarms.length;
  }

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    this.sleeps.push(ms);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.setTimer(ms, resolve);
      const wake = (): void => {
        stop();
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
    });
  };

  /** Lets time pass, and rings what is due in its order. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#alarms.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#alarms = this.#alarms.filter((setTimer) => setTimer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.ring();
    }
    this.#nowMs = untilMs;
  }
}

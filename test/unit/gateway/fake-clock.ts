import type { Signal } from '../../../src/lib/signal.ts';
import type { Clock } from '../../../src/gateway/ports.ts';

/** A clock that advances only when a test calls it. */
export class FakeClock implements Clock {
  #nowMs = 1_000;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];
  /** The requested length of each sleep. */
  readonly sleeps: number[] = [];

  readonly nowMs = (): number => this.#nowMs;
  readonly epochMs = (): number => 1_700_000_000_000 + this.#nowMs;

  readonly setTimer = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** The number of timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  readonly sleep = (ms: number, signal: Signal): Promise<void> => {
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

  /** Lets time pass, and runs the timers that are due, in order. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

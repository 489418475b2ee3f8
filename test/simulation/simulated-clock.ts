import type { Signal } from '../../src/lib/signal.ts';
import type { Clock } from '../../src/gateway/ports.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that goes from one timer to the next, as soon as nothing else is left to do. */
export class SimulatedClock implements Clock {
  #nowMs = 1_000;
  readonly #timers = new Set<Timer>();

  readonly nowMs = (): number => this.#nowMs;
  readonly epochMs = (): number => 1_700_000_000_000 + this.#nowMs;

  readonly setTimer = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  readonly sleep = (ms: number, signal?: Signal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const stop = this.setTimer(ms, resolve);
      const wake = (): void => {
        stop();
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
    });

  /** Lets everything happen that needs no time, then goes on to the next timer and runs it. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.atMs < first.atMs) first = timer;
    if (first === undefined) return;
    this.#timers.delete(first);
    this.#nowMs = Math.max(this.#nowMs, first.atMs);
    first.run();
  }
}

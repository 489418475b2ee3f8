import type { Signal } from './signal.ts';
import { TimerQueue } from './timer-queue.ts';

/** The machine's clock. Its milliseconds never run backwards. A sleep ends early when its signal aborts. */
export type SystemClock = ReturnType<typeof clockAhead>;

const timers = new TimerQueue();

/** The clock of this process; its milliseconds start with the process. */
export const systemClock = clockAhead(0);

/** The machine's clock with the milliseconds of another process that started `aheadMs` before this one. */
export function clockAhead(aheadMs: number) {
  return {
    nowMs: () => performance.now() + aheadMs,
    epochMs: () => Date.now(),
    setTimer(ms: number, run: () => void): () => void {
      return timers.set(Math.min(ms, LONGEST_TIMER_MS), run);
    },
    sleep(ms: number, signal: Signal): Promise<void> {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(ms, LONGEST_TIMER_MS));
        signal.addEventListener('abort', wake, { once: true });
      });
    },
  } as const;
}

/** The runtime's timers hold 31 bits; longer delays would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

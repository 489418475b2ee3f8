import { TimerQueue } from './timer-queue.ts';

/** The machine's clock. Its milliseconds never run backwards; sleeping ends early when the signal aborts. */
export type SystemClock = ReturnType<typeof clockAhead>;

const alarms = new TimerQueue();

/** The clock of this process, whose milliseconds begin with it. */
export const systemClock = clockAhead(0);

/** The machine's clock with the milliseconds of another process, which began `aheadMs` before this one. */
export function clockAhead(aheadMs: number) {
  return {
    nowMs: () => performance.now() + aheadMs,
    epochMs: () => Date.now(),
    setTimer(ms: number, run: () => void): () => void {
      return alarms.set(Math.min(ms, LONGEST_TIMER_MS), run);
    },
    sleep(ms: number, signal: AbortSignal): Promise<void> {
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

/** Timers hold 31 bits: a longer one would run at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

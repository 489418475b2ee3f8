import { TranslationThread } from '../gateway/translated/thread/translation-thread.ts';
import { systemClock } from '../lib/system-clock.ts';
import { ThreadedTokenCounter } from '../usage/token-counter.ts';

/** The threads of one process. Each starts with its first work. */
export interface Threads {
  readonly tokens: ThreadedTokenCounter;
  readonly translator: TranslationThread;
  /** Resolves when the reports that wait for a token estimate are out, or after a moment. */
  readonly settle: () => Promise<void>;
  /** Settles and ends the threads. */
  readonly stop: () => Promise<void>;
}

export function createThreads(): Threads {
  const tokens = new ThreadedTokenCounter();
  const translator = new TranslationThread();
  const settle = async (): Promise<void> => {
    const untilMs = systemClock.nowMs() + LAST_REPORTS_MS;
    while (tokens.pending > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(5);
  };
  return {
    tokens,
    translator,
    settle,
    async stop() {
      translator.stop();
      await settle();
      tokens.stop();
    },
  };
}

const LAST_REPORTS_MS = 2_000;

import { TranslationThread } from '../gateway/translated/thread/translation-thread.ts';
import { systemClock } from '../lib/system-clock.ts';
import { ThreadedTokenCounter } from '../usage/token-counter.ts';

/** The threads of one process. Each starts with its first work. */
export interface Threads {
  readonly tokens: ThreadedTokenCounter;
  readonly translator: TranslationThread;
  /** Resolves when the reports that wait for a token estimate are out, or after a moment. */
  readonly stop: () => Promise<void>;
}

export function createThreads(): Threads {
  const tokens = new ThreadedTokenCounter();
  const translator = new TranslationThread();
  return {
    tokens,
    translator,
    async stop() {
      translator.stop();
      await estimated(tokens);
      tokens.stop();
    },
  };
}

const LAST_REPORTS_MS = 2_000;

/** Resolves when no report waits for a token estimate, or after a moment. */
export async function estimated(tokens: ThreadedTokenCounter): Promise<void> {
  const untilMs = systemClock.nowMs() + LAST_REPORTS_MS;
  while (tokens.pending > 0 && systemClock.nowMs() < untilMs) await Bun.sleep(5);
}

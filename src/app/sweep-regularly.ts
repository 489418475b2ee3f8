import type { AnswerCache } from '../gateway/cache/answer-cache.ts';
import type { Ledgers } from '../gateway/ports.ts';
import type { SystemClock } from '../lib/system-clock.ts';

/** How often outdated records are removed. */
const SWEEP_MS = 60_000;

interface Swept extends Pick<Ledgers, 'buckets' | 'counters' | 'cooldowns'> {
  readonly answers: AnswerCache;
}

/** Removes outdated records at intervals. Returns a function that stops it. */
export function sweepRegularly(
  { buckets, counters, cooldowns, answers }: Swept,
  clock: SystemClock,
): () => void {
  const sweeper = setInterval(() => {
    const nowMs = clock.nowMs();
    buckets.sweep(nowMs);
    counters.sweep(clock.epochMs());
    cooldowns.sweep(nowMs - SWEEP_MS);
    answers.sweep(nowMs);
  }, SWEEP_MS);
  return () => clearInterval(sweeper);
}

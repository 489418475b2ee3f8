import type { CloseLine, OpenLine } from '../journal/line.ts';

/**
 * The end of a request whose process died: it is charged what it held. The time is that of its last line, so it does
 * not depend on when it is found.
 */
export function lostRequest({ id, atMs, holds, holdNano, names }: OpenLine): CloseLine {
  return {
    t: 'close',
    id,
    uses: holds,
    record: {
      endedAtMs: atMs,
      requestId: id,
      provider: null,
      attempts: 0,
      ending: 'lost',
      status: 0,
      promptTokens: null,
      completionTokens: null,
      totalTokens: null,
      cachedTokens: null,
      reasoningTokens: null,
      isEstimated: true,
      isStreamed: false,
      firstTokenMs: null,
      durationMs: 0,
      costNano: holdNano ?? null,
      costBasis: holdNano === undefined ? null : 'lost',
      priceRef: null,
      priceSheet: null,
      holdNano,
      ...names,
    },
  };
}

import type { Ending, RequestEnded } from '../../gateway/events.ts';

/** What is kept of one request: numbers and names, never what was asked or answered. */
export interface RequestRecord {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
  readonly requestId: string;
  readonly key: string | null;
  readonly model: string | null;
  /** Of the last attempt. */
  readonly provider: string | null;
  readonly attempts: number;
  readonly ending: Ending;
  readonly status: number;
  /** null, here and below: not known, or there were none to count. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly totalTokens: number | null;
  readonly cachedTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Whether the tokens were counted here, since the provider did not say. */
  readonly isEstimated: boolean;
  readonly isStreamed: boolean;
  /** From the request's arrival to the first byte of the answer. */
  readonly firstTokenMs: number | null;
  readonly durationMs: number;
  /** Nano-dollars; null: it has no price, or none is known. */
  readonly costNano: number | null;
  readonly costBasis: string | null;
  readonly priceRef: string | null;
  /** The prices that `priceRef` stands for; null where a record was read back. */
  readonly priceSheet: string | null;
}

/** The record of a request that ended at `endedAtMs`, which is milliseconds since 1970, unlike the event's own times. */
export function recordOf(event: RequestEnded, endedAtMs: number): RequestRecord {
  const { usage, startedAtMs, firstByteAtMs } = event;
  return {
    endedAtMs,
    requestId: event.requestId,
    key: event.keyName ?? null,
    model: event.model === undefined ? null : storable(event.model),
    provider: event.provider ?? null,
    attempts: event.history.length,
    ending: event.ending,
    status: event.status,
    promptTokens: whole(usage?.inputTokens),
    completionTokens: whole(usage?.outputTokens),
    totalTokens: whole(usage && (usage.totalTokens ?? (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0))),
    cachedTokens: whole(usage?.cachedTokens),
    reasoningTokens: whole(usage?.reasoningTokens),
    isEstimated: event.isUsageEstimated,
    isStreamed: event.isStreamed,
    firstTokenMs: whole(firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs),
    durationMs: whole(event.endedAtMs - startedAtMs) ?? 0,
    costNano: event.cost?.nano ?? null,
    costBasis: event.cost?.basis ?? null,
    priceRef: event.cost?.priceRef ?? null,
    priceSheet: event.cost?.priceSheet ?? null,
  };
}

const MOST_MODEL_CHARS = 256;

/**
 * A model's name may be of the client's making where a pattern serves it. PostgreSQL takes no NUL and no half of a
 * surrogate pair, and one row that it refuses would hold up all that are written with it.
 */
function storable(name: string): string {
  return name.slice(0, MOST_MODEL_CHARS).replaceAll('\0', '\u{fffd}').toWellFormed();
}

/** What the columns hold. A provider may report any number, and sums of them must not overflow. */
const MOST = 2 ** 31 - 1;

function whole(value: number | undefined): number | null {
  return value === undefined ? null : Math.min(MOST, Math.max(0, Math.round(value)));
}

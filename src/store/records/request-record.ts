import type { Ending, RequestEnded } from '../../gateway/events.ts';
import type { Cost } from '../../gateway/cost.ts';
import type { Usage } from '../../protocols/protocol.ts';

/** One request as it is stored: numbers and names, never the request or the answer. */
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
  /** null, here and below: unknown, or nothing to count. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly totalTokens: number | null;
  readonly cachedTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Whether the tokens were estimated because the provider did not report them. */
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

/**
 * The record of a request that ended at `endedAtMs`, which is in milliseconds since 1970, unlike the event's own times.
 */
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
    ...usageColumns(usage),
    isEstimated: event.isUsageEstimated,
    isStreamed: event.isStreamed,
    firstTokenMs: whole(firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs),
    durationMs: whole(event.endedAtMs - startedAtMs) ?? 0,
    ...costColumns(event.cost),
  };
}

function usageColumns(usage: Usage | undefined) {
  return {
    promptTokens: whole(usage?.inputTokens),
    completionTokens: whole(usage?.outputTokens),
    totalTokens: whole(usage && (usage.totalTokens ?? (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0))),
    cachedTokens: whole(usage?.cachedTokens),
    reasoningTokens: whole(usage?.reasoningTokens),
  };
}

function costColumns(cost: Cost | undefined) {
  return {
    costNano: cost?.nano ?? null,
    costBasis: cost?.basis ?? null,
    priceRef: cost?.priceRef ?? null,
    priceSheet: cost?.priceSheet ?? null,
  };
}

const MOST_MODEL_CHARS = 256;

/**
 * Clients may choose a model's name if a pattern serves it. PostgreSQL accepts neither NUL nor half a surrogate pair,
 * and one refused row would block all rows of its batch.
 */
function storable(name: string): string {
  return name.slice(0, MOST_MODEL_CHARS).replaceAll('\0', '\u{fffd}').toWellFormed();
}

/** The maximum of the columns. A provider may report any number, and sums must not overflow. */
const MOST = 2 ** 31 - 1;

function whole(value: number | undefined): number | null {
  return value === undefined ? null : Math.min(MOST, Math.max(0, Math.round(value)));
}

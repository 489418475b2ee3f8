import { detailsOf, type RequestDetails } from './request-details.ts';
import type { Tags } from '../../config/owners.ts';
import type { Attribution } from '../../gateway/attribution.ts';
import type { Ending, RequestEnded } from '../../gateway/events.ts';
import type { AttemptCost, Cost } from '../../gateway/cost.ts';
import type { Usage, UsageParts } from '../../protocols/protocol.ts';

/** `lost`: the process that served it died. It is charged what it held. */
export type RecordEnding = Ending | 'lost';

/** One request as it is stored: numbers and names, never the request or the answer. */
export interface RequestRecord extends RequestDetails {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
  readonly requestId: string;
  readonly key: string | null;
  readonly model: string | null;
  /** Of the last attempt. */
  readonly provider: string | null;
  readonly attempts: number;
  readonly ending: RecordEnding;
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
  /** Nano-dollars that the response cache saved. */
  readonly savedNano?: number | undefined;
  /** Nano-dollars that the provider itself reported. */
  readonly providerCostNano?: number | undefined;
  /** If others than the last attempt were billed: what each cost, as JSON. */
  readonly attemptsCost?: string | null | undefined;
  readonly priceRef: string | null;
  /** The prices that `priceRef` stands for; null where a list was read back. */
  readonly priceSheet: string | null;
  /** The service tier, as the provider names it. Here and below: absent or null if unknown. */
  readonly tier?: string | null | undefined;
  readonly cacheWriteTokens?: number | null | undefined;
  /** The part of `cacheWriteTokens` that is cached for an hour. */
  readonly cacheWrite1hTokens?: number | null | undefined;
  readonly audioInputTokens?: number | null | undefined;
  readonly audioOutputTokens?: number | null | undefined;
  readonly imageInputTokens?: number | null | undefined;
  readonly imageOutputTokens?: number | null | undefined;
  readonly webSearches?: number | null | undefined;
  /** Nano-dollars that the request held under a budget. */
  readonly holdNano?: number | null | undefined;
  /** The id of the key, which outlives its name. Names here and below are those of the time of the request. */
  readonly keyId?: string | null | undefined;
  readonly team?: string | null | undefined;
  /** The names from the root team on, joined by slashes. */
  readonly teamPath?: string | null | undefined;
  /** The ids of the same teams: `/root/child/`. */
  readonly teamIds?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly userName?: string | null | undefined;
  readonly endUser?: string | null | undefined;
  /** An object of texts, as JSON. */
  readonly tags?: string | null | undefined;
}

/**
 * The record of a request that ended at `endedAtMs`, which is in milliseconds since 1970, unlike the event's own times.
 */
export function recordOf(event: RequestEnded, endedAtMs: number): RequestRecord {
  return recordWith(event, endedAtMs, detailsOf(event));
}

/** The same with the details in this form. */
export function recordWith(event: RequestEnded, endedAtMs: number, details: RequestDetails): RequestRecord {
  const { startedAtMs, firstByteAtMs } = event;
  const tokens = usageColumns(event.usage);
  const cost = costColumns(event.cost);
  const parts = event.usage?.parts === undefined ? NO_PARTS : partColumns(event.usage.parts);
  const owners = ownerColumns(event);
  return {
    endedAtMs,
    requestId: event.requestId,
    key: event.keyName ?? null,
    model: event.model === undefined ? null : storable(event.model),
    provider: event.provider ?? null,
    attempts: event.history.length,
    ending: event.ending,
    status: event.status,
    isEstimated: event.isUsageEstimated,
    isStreamed: event.isStreamed,
    firstTokenMs: whole(firstByteAtMs === undefined ? undefined : firstByteAtMs - startedAtMs),
    durationMs: whole(event.endedAtMs - startedAtMs) ?? 0,
    // Field by field: to spread the objects costs more than to make them.
    promptTokens: tokens.promptTokens,
    completionTokens: tokens.completionTokens,
    totalTokens: tokens.totalTokens,
    cachedTokens: tokens.cachedTokens,
    reasoningTokens: tokens.reasoningTokens,
    costNano: cost.costNano,
    costBasis: cost.costBasis,
    savedNano: cost.savedNano,
    providerCostNano: cost.providerCostNano,
    attemptsCost: cost.attemptsCost,
    priceRef: cost.priceRef,
    priceSheet: cost.priceSheet,
    tier: parts.tier,
    cacheWriteTokens: parts.cacheWriteTokens,
    cacheWrite1hTokens: parts.cacheWrite1hTokens,
    audioInputTokens: parts.audioInputTokens,
    audioOutputTokens: parts.audioOutputTokens,
    imageInputTokens: parts.imageInputTokens,
    imageOutputTokens: parts.imageOutputTokens,
    webSearches: parts.webSearches,
    method: details.method,
    endpoint: details.endpoint,
    code: details.code,
    overheadMs: details.overheadMs,
    hasFallback: details.hasFallback,
    attemptsJson: details.attemptsJson,
    translationJson: details.translationJson,
    detailsJson: details.detailsJson,
    keyId: owners.keyId,
    team: owners.team,
    teamPath: owners.teamPath,
    teamIds: owners.teamIds,
    userId: owners.userId,
    userName: owners.userName,
    endUser: owners.endUser,
    tags: owners.tags,
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

/** Undefined where the provider reported none, so that a record without them stays small. */
const NO_PARTS: Partial<RequestRecord> = {};

function partColumns(parts: UsageParts): Partial<RequestRecord> {
  return {
    tier: parts.serviceTier === undefined ? null : storable(parts.serviceTier),
    cacheWriteTokens: whole(parts.cacheWrite),
    cacheWrite1hTokens: whole(parts.cacheWrite1h),
    audioInputTokens: whole(parts.audioInput),
    audioOutputTokens: whole(parts.audioOutput),
    imageInputTokens: whole(parts.imageInput),
    imageOutputTokens: whole(parts.imageOutput),
    webSearches: whole(parts.webSearches),
  };
}

/** Fields of unknown owners are undefined, so they take no room in a line of JSON. */
export function ownerColumns(owners: Partial<Attribution>): Partial<RequestRecord> {
  const { keyId, team, teamPath, teamIds, userId, user, endUser, tags } = owners;
  return {
    keyId,
    team,
    teamPath,
    teamIds,
    userId,
    userName: user,
    endUser: endUser === undefined ? undefined : storable(endUser),
    tags: tags === undefined || isEmpty(tags) ? undefined : storable(JSON.stringify(tags), MOST_TAG_CHARS),
  };
}

function isEmpty(tags: Tags): boolean {
  for (const _ in tags) return false;
  return true;
}

function costColumns(cost: Cost | undefined) {
  return {
    costNano: cost?.nano ?? null,
    costBasis: cost?.basis ?? null,
    savedNano: cost?.savedNano,
    providerCostNano: cost?.providerNano,
    attemptsCost: cost?.attempts && attemptsCost(cost.attempts),
    priceRef: cost?.priceRef ?? null,
    priceSheet: cost?.priceSheet ?? null,
  };
}

/** With the field names of the Admin API, and costs in nano-dollars. */
function attemptsCost(attempts: readonly AttemptCost[]): string {
  return JSON.stringify(
    attempts.map(({ provider, model, nano, basis, priceRef, inputTokens, outputTokens }) => ({
      provider,
      model: storable(model),
      cost_nano: nano ?? null,
      cost_basis: basis,
      price_ref: priceRef ?? null,
      prompt_tokens: inputTokens ?? null,
      completion_tokens: outputTokens ?? null,
    })),
  );
}

const MOST_MODEL_CHARS = 256;
/** More than 16 tags of 32 and 64 characters. */
const MOST_TAG_CHARS = 4096;

/**
 * Clients may choose a model's name if a pattern serves it. PostgreSQL accepts neither NUL nor half a surrogate pair,
 * and one refused row would block all rows of its batch.
 */
export function storable(name: string, mostChars = MOST_MODEL_CHARS): string {
  return name.slice(0, mostChars).replaceAll('\0', '\u{fffd}').toWellFormed();
}

/** The maximum of the columns. A provider may report any number, and sums must not overflow. */
const MOST = 2 ** 31 - 1;

function whole(value: number | undefined): number | null {
  if (value === undefined || Number.isNaN(value)) return null;
  return Math.min(MOST, Math.max(0, Math.round(value)));
}

/**
 * Whether the client got what it asked for. Only then its latency counts: refusals and
 * errors are fast, and would hide how long answers take.
 */
export function isAnswered({ ending, status }: Pick<RequestRecord, 'ending' | 'status'>): boolean {
  return ending === 'complete' && status < 400;
}

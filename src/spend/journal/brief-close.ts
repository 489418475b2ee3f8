import type { RequestEnded, TranslationReport } from '../../gateway/events.ts';
import {
  attemptDetails,
  type AttemptDetail,
  boundedTranslation,
  furtherDetails,
  type FurtherDetails,
  plainDetails,
} from '../../store/records/request-details.ts';
import { recordWith, type RequestRecord } from '../../store/records/request-record.ts';

/** Counters in their windows, each followed by an amount: `["key:app/cost/month@1767225600000",500]`. */
export type BriefUses = readonly (string | number)[];

/**
 * The end of a request as the journal has it. It omits what is null, zero, false or usual, and has lists and objects
 * where a `RequestRecord` has JSON.
 */
export interface BriefClose {
  readonly t: 'close';
  readonly id: string;
  readonly record: BriefRecord;
  readonly attempts: readonly BriefAttempt[] | undefined;
  readonly details: FurtherDetails;
  readonly translation: TranslationReport | undefined;
  readonly uses: BriefUses;
}

/** `Always`: the fields that are never left out. */
type Brief<T, Always extends keyof T> = Pick<T, Always> & {
  readonly [Name in Exclude<keyof T, Always>]: Exclude<T[Name], null | false> | undefined;
};

type JsonField = 'attemptsJson' | 'detailsJson' | 'translationJson';

/** The line has the id. */
export type BriefRecord = Brief<Omit<RequestRecord, JsonField | 'requestId'>, 'endedAtMs'>;

export type BriefAttempt = Brief<
  AttemptDetail,
  'provider' | 'for_model' | 'reason' | 'outcome' | 'start_ms' | 'end_ms'
>;

/** What only the journal knows of a request. */
export interface JournaledEnd {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
  /** Nano-dollars. */
  readonly holdNano: number | undefined;
  /** Whether an earlier line of the file has the prices. */
  readonly hasSheet: boolean;
  readonly uses: BriefUses;
}

/** The line of a request that has ended. */
export function briefClose(event: RequestEnded, end: JournaledEnd): BriefClose {
  const { history, startedAtMs, translation } = event;
  const attempts = attemptDetails(history, startedAtMs).map(briefAttempt);
  const whole = recordWith(event, end.endedAtMs, plainDetails(event));
  return {
    t: 'close',
    id: event.requestId,
    record: briefRecord(whole, attempts.length, end),
    attempts: attempts.length === 0 ? undefined : attempts,
    details: furtherDetails(event),
    translation: translation && boundedTranslation(translation),
    uses: end.uses,
  };
}

/** The record of a line. */
export function wholeRecord({ id, record, attempts = [], details, translation }: BriefClose): RequestRecord {
  return {
    ...record,
    requestId: id,
    key: record.key ?? null,
    model: record.model ?? null,
    provider: record.provider ?? null,
    attempts: record.attempts ?? attempts.length,
    ending: record.ending ?? USUAL.ending,
    status: record.status ?? USUAL.status,
    promptTokens: record.promptTokens ?? null,
    completionTokens: record.completionTokens ?? null,
    totalTokens: record.totalTokens ?? null,
    cachedTokens: record.cachedTokens ?? null,
    reasoningTokens: record.reasoningTokens ?? null,
    isEstimated: record.isEstimated ?? false,
    isStreamed: record.isStreamed ?? false,
    firstTokenMs: record.firstTokenMs ?? null,
    durationMs: record.durationMs ?? 0,
    costNano: record.costNano ?? null,
    costBasis: record.costBasis ?? null,
    priceRef: record.priceRef ?? null,
    priceSheet: record.priceSheet ?? null,
    method: record.method ?? USUAL.method,
    code: record.code ?? null,
    overheadMs: record.overheadMs ?? null,
    hasFallback: record.hasFallback ?? 0,
    attemptsJson: JSON.stringify(attempts.map(wholeAttempt)),
    translationJson: translation === undefined ? null : JSON.stringify(translation),
    detailsJson: JSON.stringify(details),
  };
}

/** Left out where a request has them. */
const USUAL = { ending: 'complete', status: 200, method: 'POST' } as const;

/** Field by field, which costs less than to copy and delete. */
function briefRecord(
  whole: RequestRecord,
  listed: number,
  { holdNano, hasSheet }: JournaledEnd,
): BriefRecord {
  return {
    endedAtMs: whole.endedAtMs,
    key: whole.key ?? undefined,
    model: whole.model ?? undefined,
    provider: whole.provider ?? undefined,
    attempts: whole.attempts === listed ? undefined : whole.attempts,
    ending: whole.ending === USUAL.ending ? undefined : whole.ending,
    status: whole.status === USUAL.status ? undefined : whole.status,
    promptTokens: whole.promptTokens ?? undefined,
    completionTokens: whole.completionTokens ?? undefined,
    totalTokens: whole.totalTokens ?? undefined,
    cachedTokens: whole.cachedTokens ?? undefined,
    reasoningTokens: whole.reasoningTokens ?? undefined,
    isEstimated: whole.isEstimated || undefined,
    isStreamed: whole.isStreamed || undefined,
    firstTokenMs: whole.firstTokenMs ?? undefined,
    durationMs: whole.durationMs === 0 ? undefined : whole.durationMs,
    costNano: whole.costNano ?? undefined,
    costBasis: whole.costBasis ?? undefined,
    savedNano: whole.savedNano,
    providerCostNano: whole.providerCostNano,
    attemptsCost: whole.attemptsCost ?? undefined,
    priceRef: whole.priceRef ?? undefined,
    priceSheet: hasSheet ? undefined : (whole.priceSheet ?? undefined),
    tier: whole.tier ?? undefined,
    cacheWriteTokens: whole.cacheWriteTokens ?? undefined,
    cacheWrite1hTokens: whole.cacheWrite1hTokens ?? undefined,
    audioInputTokens: whole.audioInputTokens ?? undefined,
    audioOutputTokens: whole.audioOutputTokens ?? undefined,
    imageInputTokens: whole.imageInputTokens ?? undefined,
    imageOutputTokens: whole.imageOutputTokens ?? undefined,
    webSearches: whole.webSearches ?? undefined,
    holdNano,
    method: whole.method === USUAL.method ? undefined : (whole.method ?? undefined),
    endpoint: whole.endpoint ?? undefined,
    code: whole.code ?? undefined,
    overheadMs: whole.overheadMs ?? undefined,
    hasFallback: whole.hasFallback === 0 ? undefined : (whole.hasFallback ?? undefined),
    keyId: whole.keyId ?? undefined,
    team: whole.team ?? undefined,
    teamPath: whole.teamPath ?? undefined,
    teamIds: whole.teamIds ?? undefined,
    userId: whole.userId ?? undefined,
    userName: whole.userName ?? undefined,
    endUser: whole.endUser ?? undefined,
    tags: whole.tags ?? undefined,
  };
}

function briefAttempt(whole: AttemptDetail): BriefAttempt {
  return {
    provider: whole.provider,
    model: whole.model ?? undefined,
    for_model: whole.for_model,
    reason: whole.reason,
    is_probe: whole.is_probe || undefined,
    outcome: whole.outcome,
    status: whole.status ?? undefined,
    detail: whole.detail ?? undefined,
    retry_after_ms: whole.retry_after_ms ?? undefined,
    start_ms: whole.start_ms,
    connect_ms: whole.connect_ms ?? undefined,
    head_ms: whole.head_ms ?? undefined,
    end_ms: whole.end_ms,
  };
}

/** In the order in which every record has the fields. */
function wholeAttempt(brief: BriefAttempt): AttemptDetail {
  return {
    provider: brief.provider,
    model: brief.model ?? null,
    for_model: brief.for_model,
    reason: brief.reason,
    is_probe: brief.is_probe ?? false,
    outcome: brief.outcome,
    status: brief.status ?? null,
    detail: brief.detail ?? null,
    retry_after_ms: brief.retry_after_ms ?? null,
    start_ms: brief.start_ms,
    connect_ms: brief.connect_ms ?? null,
    head_ms: brief.head_ms ?? null,
    end_ms: brief.end_ms,
  };
}

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
    ...MISSING,
    attempts: attempts.length,
    // A parsed line has no undefined fields.
    ...(record as Partial<RequestRecord> & Pick<RequestRecord, 'endedAtMs'>),
    requestId: id,
    attemptsJson: JSON.stringify(attempts.map(wholeAttempt)),
    translationJson: translation === undefined ? null : JSON.stringify(translation),
    detailsJson: JSON.stringify(details),
  };
}

/** Left out where a request has them. */
const USUAL = { ending: 'complete', status: 200, method: 'POST' } as const;

/** The fields that a brief record may lack. */
const MISSING = {
  ...USUAL,
  key: null,
  model: null,
  provider: null,
  promptTokens: null,
  completionTokens: null,
  totalTokens: null,
  cachedTokens: null,
  reasoningTokens: null,
  isEstimated: false,
  isStreamed: false,
  firstTokenMs: null,
  durationMs: 0,
  costNano: null,
  costBasis: null,
  priceRef: null,
  priceSheet: null,
  code: null,
  overheadMs: null,
  hasFallback: 0,
} satisfies Partial<RequestRecord>;

/** Field by field, which costs less than to copy and delete. */
function briefRecord(
  whole: RequestRecord,
  listed: number,
  { holdNano, hasSheet }: JournaledEnd,
): BriefRecord {
  return {
    endedAtMs: whole.endedAtMs,
    key: known(whole.key),
    model: known(whole.model),
    provider: known(whole.provider),
    attempts: unlike(whole.attempts, listed),
    ending: unlike(whole.ending, USUAL.ending),
    status: unlike(whole.status, USUAL.status),
    promptTokens: known(whole.promptTokens),
    completionTokens: known(whole.completionTokens),
    totalTokens: known(whole.totalTokens),
    cachedTokens: known(whole.cachedTokens),
    reasoningTokens: known(whole.reasoningTokens),
    isEstimated: truth(whole.isEstimated),
    isStreamed: truth(whole.isStreamed),
    firstTokenMs: known(whole.firstTokenMs),
    durationMs: unlike(whole.durationMs, 0),
    costNano: known(whole.costNano),
    costBasis: known(whole.costBasis),
    savedNano: whole.savedNano,
    providerCostNano: whole.providerCostNano,
    attemptsCost: known(whole.attemptsCost),
    priceRef: known(whole.priceRef),
    priceSheet: hasSheet ? undefined : known(whole.priceSheet),
    tier: known(whole.tier),
    cacheWriteTokens: known(whole.cacheWriteTokens),
    cacheWrite1hTokens: known(whole.cacheWrite1hTokens),
    audioInputTokens: known(whole.audioInputTokens),
    audioOutputTokens: known(whole.audioOutputTokens),
    imageInputTokens: known(whole.imageInputTokens),
    imageOutputTokens: known(whole.imageOutputTokens),
    webSearches: known(whole.webSearches),
    holdNano,
    method: unlike(known(whole.method), USUAL.method),
    endpoint: known(whole.endpoint),
    code: known(whole.code),
    overheadMs: known(whole.overheadMs),
    hasFallback: unlike(known(whole.hasFallback), 0),
    keyId: known(whole.keyId),
    team: known(whole.team),
    teamPath: known(whole.teamPath),
    teamIds: known(whole.teamIds),
    userId: known(whole.userId),
    userName: known(whole.userName),
    endUser: known(whole.endUser),
    tags: known(whole.tags),
  };
}

function known<T>(value: T | null): T | undefined {
  return value ?? undefined;
}

function truth(value: boolean): true | undefined {
  return value || undefined;
}

function unlike<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
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

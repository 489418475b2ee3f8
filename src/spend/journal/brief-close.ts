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
export type BriefRecord = Brief<
  Omit<RequestRecord, JsonField | 'requestId' | 'totalTokens' | 'keyId'>,
  'endedAtMs'
> & {
  /** Left out: the sum of the others. */
  readonly totalTokens: number | null | undefined;
  /** Left out: the name of the key. */
  readonly keyId: string | null | undefined;
};

/** An attempt without the values that most attempts have. */
export type BriefAttempt = Brief<AttemptDetail, 'end_ms'>;

/** The values of a request that its event does not have. */
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
  const whole = recordWith(event, end.endedAtMs, plainDetails(event));
  const attempts: BriefAttempt[] = [];
  for (const attempt of attemptDetails(history, startedAtMs)) attempts.push(briefAttempt(attempt, whole));
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
    totalTokens: sumOf(record.promptTokens, record.completionTokens),
    keyId: record.key,
    // A parsed line has no undefined fields.
    ...(record as Partial<RequestRecord> & Pick<RequestRecord, 'endedAtMs'>),
    requestId: id,
    attemptsJson: JSON.stringify(attempts.map((attempt) => wholeAttempt(attempt, record))),
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
    totalTokens: unlike(whole.totalTokens, sumOf(whole.promptTokens, whole.completionTokens)),
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
    keyId: unlike(whole.keyId ?? null, whole.key),
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

function unlike<T, Usual>(value: T, usual: T | Usual): T | undefined {
  return value === usual ? undefined : value;
}

function briefAttempt(whole: AttemptDetail, { provider, model }: RequestRecord): BriefAttempt {
  return {
    provider: unlike(whole.provider, provider),
    model: whole.model ?? undefined,
    for_model: unlike(whole.for_model, model),
    reason: unlike(whole.reason, 'first'),
    is_probe: whole.is_probe || undefined,
    outcome: unlike(whole.outcome, 'answered'),
    status: whole.status ?? undefined,
    detail: whole.detail ?? undefined,
    retry_after_ms: whole.retry_after_ms ?? undefined,
    start_ms: unlike(whole.start_ms, 0),
    connect_ms: whole.connect_ms ?? undefined,
    head_ms: whole.head_ms ?? undefined,
    end_ms: whole.end_ms,
  };
}

/** In the order in which every record has the fields. */
function wholeAttempt(brief: BriefAttempt, { provider, model }: BriefRecord): AttemptDetail {
  return {
    provider: brief.provider ?? provider ?? '',
    model: brief.model ?? null,
    for_model: brief.for_model ?? model ?? '',
    reason: brief.reason ?? 'first',
    is_probe: brief.is_probe ?? false,
    outcome: brief.outcome ?? 'answered',
    status: brief.status ?? null,
    detail: brief.detail ?? null,
    retry_after_ms: brief.retry_after_ms ?? null,
    start_ms: brief.start_ms ?? 0,
    connect_ms: brief.connect_ms ?? null,
    head_ms: brief.head_ms ?? null,
    end_ms: brief.end_ms,
  };
}

function sumOf(input: number | null | undefined, output: number | null | undefined): number | null {
  return input === undefined || input === null ? (output ?? null) : input + (output ?? 0);
}

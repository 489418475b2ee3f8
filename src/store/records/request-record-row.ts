import type { RecordEnding, RequestRecord } from './request-record.ts';

/** PostgreSQL returns a `bigint` as text. */
export interface RecordRow {
  readonly ended_at_ms: number | string;
  readonly request_id: string;
  readonly key_name: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly attempts: number;
  readonly ending: string;
  readonly status: number;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly total_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly is_estimated: number;
  readonly is_streamed: number;
  readonly first_token_ms: number | null;
  readonly duration_ms: number;
  readonly cost_nano: number | string | null;
  readonly cost_basis: string | null;
  readonly saved_nano: number | string | null;
  readonly provider_cost_nano: number | string | null;
  readonly attempts_cost: string | null;
  readonly price_ref: string | null;
  readonly tier: string | null;
  readonly cache_write_tokens: number | null;
  readonly cache_write_1h_tokens: number | null;
  readonly audio_input_tokens: number | null;
  readonly audio_output_tokens: number | null;
  readonly image_input_tokens: number | null;
  readonly image_output_tokens: number | null;
  readonly web_searches: number | null;
  readonly hold_nano: number | string | null;
  readonly key_id: string | null;
  readonly team: string | null;
  readonly team_path: string | null;
  readonly team_ids: string | null;
  readonly user_id: string | null;
  readonly user_name: string | null;
  readonly end_user: string | null;
  readonly tags: string | null;
  readonly method: string | null;
  readonly endpoint: string | null;
  readonly code: string | null;
  readonly overhead_ms: number | null;
  readonly has_fallback: number | null;
  readonly attempts_json: string | null;
  readonly translation_json: string | null;
  readonly details_json: string | null;
}

/** The row of a record. */
export function rowOf(record: RequestRecord): RecordRow {
  return {
    ended_at_ms: record.endedAtMs,
    request_id: record.requestId,
    key_name: record.key,
    model: record.model,
    provider: record.provider,
    attempts: record.attempts,
    ending: record.ending,
    status: record.status,
    prompt_tokens: record.promptTokens,
    completion_tokens: record.completionTokens,
    total_tokens: record.totalTokens,
    cached_tokens: record.cachedTokens,
    reasoning_tokens: record.reasoningTokens,
    is_estimated: record.isEstimated ? 1 : 0,
    is_streamed: record.isStreamed ? 1 : 0,
    first_token_ms: record.firstTokenMs,
    duration_ms: record.durationMs,
    cost_nano: record.costNano,
    cost_basis: record.costBasis,
    saved_nano: record.savedNano ?? null,
    provider_cost_nano: record.providerCostNano ?? null,
    price_ref: record.priceRef,
    hold_nano: record.holdNano ?? null,
    ...laterRow(record),
  };
}

/** The record of a row, which may be older than some columns. */
export function parseRow(row: RecordRow): RequestRecord {
  return {
    endedAtMs: Number(row.ended_at_ms),
    requestId: row.request_id,
    key: row.key_name,
    model: row.model,
    provider: row.provider,
    attempts: row.attempts,
    ending: row.ending as RecordEnding,
    status: row.status,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    totalTokens: row.total_tokens,
    cachedTokens: row.cached_tokens,
    reasoningTokens: row.reasoning_tokens,
    isEstimated: row.is_estimated !== 0,
    isStreamed: row.is_streamed !== 0,
    firstTokenMs: row.first_token_ms,
    durationMs: row.duration_ms,
    costNano: row.cost_nano === null ? null : Number(row.cost_nano),
    costBasis: row.cost_basis,
    savedNano: row.saved_nano === null ? undefined : Number(row.saved_nano),
    providerCostNano: row.provider_cost_nano === null ? undefined : Number(row.provider_cost_nano),
    priceRef: row.price_ref,
    priceSheet: null,
    holdNano: row.hold_nano === null ? undefined : Number(row.hold_nano),
    ...laterFields(row),
  };
}

/** Columns that older rows lack, and their fields. */
const LATER = [
  ['attempts_cost', 'attemptsCost'],
  ['tier', 'tier'],
  ['cache_write_tokens', 'cacheWriteTokens'],
  ['cache_write_1h_tokens', 'cacheWrite1hTokens'],
  ['audio_input_tokens', 'audioInputTokens'],
  ['audio_output_tokens', 'audioOutputTokens'],
  ['image_input_tokens', 'imageInputTokens'],
  ['image_output_tokens', 'imageOutputTokens'],
  ['web_searches', 'webSearches'],
  ['key_id', 'keyId'],
  ['team', 'team'],
  ['team_path', 'teamPath'],
  ['team_ids', 'teamIds'],
  ['user_id', 'userId'],
  ['user_name', 'userName'],
  ['end_user', 'endUser'],
  ['tags', 'tags'],
  ['method', 'method'],
  ['endpoint', 'endpoint'],
  ['code', 'code'],
  ['overhead_ms', 'overheadMs'],
  ['has_fallback', 'hasFallback'],
  ['attempts_json', 'attemptsJson'],
  ['translation_json', 'translationJson'],
  ['details_json', 'detailsJson'],
] as const satisfies readonly (readonly [keyof RecordRow, keyof RequestRecord])[];

type LaterColumn = (typeof LATER)[number][0];
type LaterField = (typeof LATER)[number][1];

function laterRow(record: RequestRecord): Pick<RecordRow, LaterColumn> {
  return Object.fromEntries(LATER.map(([column, field]) => [column, record[field] ?? null])) as Pick<
    RecordRow,
    LaterColumn
  >;
}

function laterFields(row: RecordRow): Pick<RequestRecord, LaterField> {
  return Object.fromEntries(LATER.map(([column, field]) => [field, row[column] ?? undefined])) as Pick<
    RequestRecord,
    LaterField
  >;
}

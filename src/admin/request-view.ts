import { z } from 'zod';
import { dollarsOf } from '../prices/cost.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Json, JsonObject } from '../store/revision.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import { priceSchema, priceView } from './price-view.ts';
import { ENDINGS } from './request-query.ts';

export const COUNT = z.int().min(0);
export const NAME = z.string().nullable();
export const DOLLARS = z.string().regex(/^\d+\.\d{9}$/);
const TOKENS = COUNT.nullable().meta({ description: 'null: unknown, or nothing to count.' });
export const ENDING = z.enum(ENDINGS).meta({
  description:
    'refused: rejected by the gateway; failed: no provider answered; truncated: the answer was cut off; lost: the process that served the request died.',
});

const fields = {
  time: z.string().meta({ description: 'Time at which the request ended, in ISO 8601, UTC.' }),
  request_id: z.string(),
  key: NAME.meta({ description: 'The master key of the request.' }),
  model: NAME.meta({ description: 'The requested model, if it is served.' }),
  provider: NAME.meta({ description: 'The provider of the last attempt.' }),
  attempts: COUNT,
  has_fallback: z.boolean().meta({ description: 'Whether a route other than the first was tried.' }),
  ending: ENDING,
  status: z.int(),
  code: NAME.meta({ description: 'The code of a refusal by the gateway.' }),
  prompt_tokens: TOKENS,
  completion_tokens: TOKENS,
  total_tokens: TOKENS,
  cached_tokens: TOKENS,
  reasoning_tokens: TOKENS,
  is_estimated: z.boolean().meta({
    description: 'Whether the gateway estimated the tokens because the provider did not report them.',
  }),
  is_streamed: z.boolean(),
  time_to_first_token_ms: COUNT.nullable(),
  duration_ms: COUNT,
  cost: DOLLARS.nullable().meta({ description: 'US dollars; null: the price is not known.' }),
  cost_basis: z.enum(['provider', 'estimated', 'not-billed', 'cache', 'lost']).nullable().meta({
    description:
      'provider: from the usage that the provider reported; estimated: from tokens that the gateway counted; not-billed: there was no answer; cache: the answer came from the response cache; lost: the process that served the request died, so its reservation is charged. null: the record predates prices.',
  }),
  saved: DOLLARS.nullable().meta({ description: 'US dollars that the response cache saved.' }),
  price_ref: z.string().nullable().meta({ description: 'Id of the prices behind the cost.' }),
  team: NAME,
  user: NAME,
  end_user: NAME,
};

export const recordSchema = z.object(fields).meta({ id: 'RequestRecord' });

const attemptSchema = z.object({
  provider: z.string(),
  model: NAME.meta({ description: "The provider's name for the model; null: the client's." }),
  for_model: z.string().meta({ description: 'The model that the route belongs to.' }),
  reason: z.enum(['first', 'retry', 'fallback-route', 'fallback-model', 'last-resort']),
  is_probe: z.boolean(),
  outcome: z.enum([
    'answered',
    'rejected',
    'rate-limited',
    'failed',
    'unreachable',
    'timed-out',
    'unsuitable',
    'cancelled',
  ]),
  status: z.int().nullable(),
  detail: NAME.meta({ description: 'The defect, the phase or the reason.' }),
  retry_after_ms: z.number().nullable(),
  start_ms: z.int().meta({ description: 'Time since the arrival of the request.' }),
  connect_ms: z.int().nullable().optional().meta({
    description:
      'Duration of the TCP connect. null: an existing connection was reused, or the time is unknown.',
  }),
  head_ms: z
    .int()
    .nullable()
    .optional()
    .meta({ description: 'Time at which the head of the reply arrived.' }),
  end_ms: z.int(),
});

const skippedSchema = z.object({
  provider: z.string(),
  model: NAME.meta({ description: "The provider's name for the model; null: the client's." }),
  for_model: z.string().meta({ description: 'The model that the route belongs to.' }),
  why: z.enum(['cooling', 'probing', 'draining']).meta({
    description:
      'probing: another request was trying it after its cooldown; draining: an operator drained it.',
  }),
  for_ms: z.int().nullable().meta({ description: 'The rest of its cooldown; null: it was not cooling.' }),
  before_attempt: z.int().meta({ description: 'The attempt, counted from 1, that was made without it.' }),
});

const HEADERS = z.array(z.tuple([z.string(), z.string()]));

export const detailSchema = z
  .object({
    ...fields,
    started_at: z.string(),
    method: NAME,
    endpoint: NAME,
    overhead_ms: COUNT.nullable().meta({ description: 'The time that the gateway itself took.' }),
    attempts_detail: z.array(attemptSchema),
    translation: z
      .object({
        from: z.string(),
        to: z.string(),
        losses: z.array(z.object({ what: z.string(), path: z.string(), why: z.string() })),
        count: COUNT,
      })
      .nullable(),
    provider_cost: DOLLARS.nullable().meta({
      description: 'Cost in US dollars as reported by the provider, if recorded.',
    }),
    attempts_cost: z
      .array(
        z.object({
          provider: z.string(),
          model: z.string(),
          cost: DOLLARS.nullable(),
          cost_basis: z.string(),
          price_ref: NAME,
          prompt_tokens: TOKENS,
          completion_tokens: TOKENS,
        }),
      )
      .meta({ description: 'Cost of each attempt, if attempts other than the last were billed.' }),
    prices: priceSchema.nullable().meta({
      description: 'The prices behind the cost; null: none, or no longer known.',
    }),
    admitted_ms: COUNT.nullable().meta({
      description: 'Time from the arrival until the request was read and admitted; null: unknown.',
    }),
    skipped: z.array(skippedSchema).meta({
      description: 'The routes that were passed over because they were unavailable.',
    }),
    trace_id: NAME.meta({ description: 'The trace, if it is recorded.' }),
    trace_url: NAME.meta({ description: 'Its address, if `console.trace_url` is set.' }),
    is_recording: z.boolean().meta({
      description: 'Whether the configuration records headers and bodies now; see readRecordedRequest.',
    }),
    request_headers: HEADERS.meta({ description: 'Some fields of the request, without credentials.' }),
    answer_headers: HEADERS.meta({ description: "Some fields of the provider's last answer." }),
    tags: z.record(z.string(), z.string()),
    cache_write_tokens: TOKENS,
    tier: NAME,
  })
  .meta({ id: 'RequestDetail' });

/** A record in a list. */
export function requestView(record: RequestRecord): JsonObject {
  return {
    time: new Date(record.endedAtMs).toISOString(),
    request_id: record.requestId,
    key: record.key,
    model: record.model,
    provider: record.provider,
    attempts: record.attempts,
    has_fallback: record.hasFallback === 1,
    ending: record.ending,
    status: record.status,
    code: record.code ?? null,
    prompt_tokens: record.promptTokens,
    completion_tokens: record.completionTokens,
    total_tokens: record.totalTokens,
    cached_tokens: record.cachedTokens,
    reasoning_tokens: record.reasoningTokens,
    is_estimated: record.isEstimated,
    is_streamed: record.isStreamed,
    time_to_first_token_ms: record.firstTokenMs,
    duration_ms: record.durationMs,
    cost: record.costNano === null ? null : dollarsOf(record.costNano),
    cost_basis: record.costBasis,
    saved: record.savedNano === undefined ? null : dollarsOf(record.savedNano),
    price_ref: record.priceRef,
    team: record.team ?? null,
    user: record.userName ?? null,
    end_user: record.endUser ?? null,
  };
}

/** One record with all known details. */
export function detailView(
  record: RequestRecord,
  { console, logging }: Pick<Snapshot, 'console' | 'logging'>,
): JsonObject {
  const further = furtherView(record.detailsJson);
  return {
    ...requestView(record),
    started_at: new Date(record.endedAtMs - record.durationMs).toISOString(),
    method: record.method ?? null,
    endpoint: record.endpoint ?? null,
    overhead_ms: record.overheadMs ?? null,
    attempts_detail: parsed(record.attemptsJson, []),
    translation: parsed(record.translationJson, null),
    ...further,
    trace_url: traceAddress(further['trace_id'], console.traceUrl),
    is_recording: logging.separateFiles,
    provider_cost: dollars(record.providerCostNano),
    attempts_cost: costsView(record.attemptsCost),
    prices: record.priceSheet === null ? null : priceView(record.priceSheet),
    tags: parsed(record.tags, {}),
    cache_write_tokens: record.cacheWriteTokens ?? null,
    tier: record.tier ?? null,
  };
}

/** Older records lack all of it. */
function furtherView(text: string | null | undefined): JsonObject {
  const nothing = { admitted_ms: null, skipped: [], trace_id: null, request_headers: [], answer_headers: [] };
  return { ...nothing, ...(parsed(text, {}) as JsonObject) };
}

function traceAddress(traceId: Json | undefined, template: string | undefined): string | null {
  if (typeof traceId !== 'string' || template === undefined) return null;
  return template.replaceAll('{trace_id}', traceId);
}

function dollars(nano: number | null | undefined): string | null {
  return nano === null || nano === undefined ? null : dollarsOf(nano);
}

function costsView(text: string | null | undefined): JsonObject[] {
  return (parsed(text, []) as (JsonObject & { cost_nano: number | null })[]).map(
    ({ cost_nano: nano, ...attempt }) => ({ ...attempt, cost: dollars(nano) }),
  );
}

function parsed(text: string | null | undefined, otherwise: Json): Json {
  return text === null || text === undefined ? otherwise : (JSON.parse(text) as Json);
}

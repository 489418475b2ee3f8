import { nanoDollars } from '../lib/nano-dollars.ts';
import { isImpossibleCount, isUsageCount } from '../lib/usage-count.ts';
import { type Member, seemsObject, valueAt } from '../lib/json/json-scan.ts';
import { AnswerBody } from './answer-body.ts';
import { asObject, type JsonObject } from './json-object.ts';
import type { Usage, UsageParts } from './protocol.ts';

/** Reads the usage that a complete JSON answer reports, parsing only that member. */
export function usageIn(body: AnswerBody): Usage | undefined {
  const small = body.small();
  if (small !== undefined)
    return withTier(
      usageFrom(small.usage) ?? usageFrom(small.usageMetadata) ?? usageFrom(asObject(small.x_groq)?.usage),
      small.service_tier,
    );
  const scan = body.scan();
  if (scan.kind !== 'object') return undefined;
  const tier = scan.members.find(({ key }) => key === 'service_tier');
  const usage = lastUsage(body.bytes, scan.members);
  return tier === undefined ? usage : withTier(usage, valueAt(body.bytes, tier.valueStart, tier.valueEnd));
}

/** The usage with the service tier of the answer, which OpenAI reports beside the usage. */
export function withTier(usage: Usage | undefined, tier: unknown): Usage | undefined {
  if (usage === undefined || typeof tier !== 'string' || STANDARD.has(tier)) return usage;
  return { ...usage, parts: { ...usage.parts, serviceTier: usage.parts?.serviceTier ?? tier } };
}

const STANDARD: ReadonlySet<string> = new Set(['', 'auto', 'default', 'standard']);

function lastUsage(bytes: Uint8Array, members: readonly Member[]): Usage | undefined {
  for (const member of members.toReversed()) {
    if (!USAGE_KEYS.has(member.key)) continue;
    if (member.valueEnd - member.valueStart > MAX_REPORT_BYTES) continue;
    const value = asObject(valueAt(bytes, member.valueStart, member.valueEnd));
    const usage = usageFrom(member.key === 'x_groq' ? value?.usage : value);
    if (usage !== undefined) return usage;
  }
  return undefined;
}

const USAGE_KEYS: ReadonlySet<string> = new Set(['usage', 'usageMetadata', 'x_groq']);

/** Reads the usage from arbitrary bytes; undefined if they are not a JSON object. */
export function usageInBytes(bytes: Uint8Array): Usage | undefined {
  return seemsObject(bytes) ? usageIn(new AnswerBody(bytes)) : undefined;
}

/** Usage reports larger than this are ignored. */
const MAX_REPORT_BYTES = 65_536;

/**
 * Reads a usage object in any provider's shape: `prompt_tokens`/`completion_tokens` (OpenAI's chat, and DeepSeek's
 * `prompt_cache_hit_tokens`), `input_tokens`/`output_tokens` (Responses, images, audio), Gemini's `usageMetadata`, and Anthropic's. Anthropic's
 * `input_tokens` exclude tokens read from or written to the cache; the result's `inputTokens` always include them.
 * Returns undefined for a report without counts, or with an impossible one; one of zeros is a report.
 */
export function usageFrom(report: unknown): Usage | undefined {
  const raw = asObject(report);
  if (raw === undefined) return undefined;
  if (raw.promptTokenCount !== undefined || raw.totalTokenCount !== undefined) return geminiUsage(raw);
  const cacheRead = count(raw.cache_read_input_tokens);
  const counts = countsOf(raw, cacheRead);
  if (counts === undefined) return undefined;
  // The Realtime API names the details of its tokens in the singular.
  const inputDetails =
    asObject(raw.prompt_tokens_details) ??
    asObject(raw.input_tokens_details) ??
    asObject(raw.input_token_details);
  const outputDetails =
    asObject(raw.completion_tokens_details) ??
    asObject(raw.output_tokens_details) ??
    asObject(raw.output_token_details);
  const parts = partsOf(raw, inputDetails, outputDetails);
  const usage: Usage = {
    inputTokens: counts.inputTokens,
    outputTokens: counts.outputTokens,
    totalTokens: counts.totalTokens,
    cachedTokens: cachedIn(raw, inputDetails, cacheRead),
    reasoningTokens: count(outputDetails?.reasoning_tokens) ?? count(raw.reasoning_tokens),
  };
  if (parts === undefined && raw.cost === undefined) return usage;
  return { ...usage, ...(parts && { parts }), ...(raw.cost !== undefined && reportedCost(raw.cost)) };
}

function countsOf(
  raw: JsonObject,
  cacheRead: number | undefined,
): Pick<Usage, 'inputTokens' | 'outputTokens' | 'totalTokens'> | undefined {
  if (isImpossibleCount(raw.prompt_tokens ?? raw.input_tokens)) return undefined;
  if (isImpossibleCount(raw.completion_tokens ?? raw.output_tokens)) return undefined;
  const input = count(raw.prompt_tokens) ?? count(raw.input_tokens);
  const cacheWrite = count(raw.cache_creation_input_tokens);
  const inputTokens = input === undefined ? undefined : input + besides(raw, cacheRead, cacheWrite);
  const outputTokens = count(raw.completion_tokens) ?? count(raw.output_tokens);
  const totalTokens = count(raw.total_tokens) ?? sum(inputTokens, outputTokens);
  return withRest(inputTokens, outputTokens, totalTokens);
}

/**
 * The counts; one that is not reported is the rest of the total. undefined: there are none. A total alone counts as input, since
 * embeddings and rankings, which have no output, report nothing else.
 */
function withRest(
  inputTokens: number | undefined,
  outputTokens: number | undefined,
  totalTokens: number | undefined,
): Pick<Usage, 'inputTokens' | 'outputTokens' | 'totalTokens'> | undefined {
  if (inputTokens !== undefined && outputTokens !== undefined)
    return { inputTokens, outputTokens, totalTokens };
  if (totalTokens === undefined && inputTokens === undefined && outputTokens === undefined) return undefined;
  if (inputTokens === undefined && outputTokens === undefined)
    return { inputTokens: totalTokens, outputTokens: 0, totalTokens };
  // None rather than 0: whether there was an output is not known.
  const rest = Math.max(0, (totalTokens ?? 0) - (inputTokens ?? 0) - (outputTokens ?? 0)) || undefined;
  if (inputTokens === undefined) return { inputTokens: rest, outputTokens, totalTokens };
  return { inputTokens, outputTokens: rest, totalTokens };
}

/** Whether a report lacks the input or the output. */
export function isPartial({ inputTokens, outputTokens }: Usage): boolean {
  return inputTokens === undefined || outputTokens === undefined;
}

/** A cost in dollars, as OpenRouter reports it, or Perplexity's object with the total. */
function reportedCost(cost: unknown): Pick<Usage, 'reportedNano'> {
  return { reportedNano: nanoDollars(asObject(cost)?.total_cost ?? cost) };
}

/** Counts of Gemini's API. What a model thinks is output that `candidatesTokenCount` leaves out. */
function geminiUsage(raw: JsonObject): Usage | undefined {
  if (isImpossibleCount(raw.promptTokenCount) || isImpossibleCount(raw.candidatesTokenCount))
    return undefined;
  if (isImpossibleCount(raw.thoughtsTokenCount)) return undefined;
  const reasoningTokens = count(raw.thoughtsTokenCount);
  const inputTokens = added(count(raw.promptTokenCount), count(raw.toolUsePromptTokenCount));
  const outputTokens = added(count(raw.candidatesTokenCount), reasoningTokens);
  const totalTokens = count(raw.totalTokenCount) ?? added(inputTokens, outputTokens);
  const counts = withRest(inputTokens, outputTokens, totalTokens);
  if (counts === undefined) return undefined;
  const parts = {
    audioInput: tokensOf(raw.promptTokensDetails, 'AUDIO'),
    imageInput: tokensOf(raw.promptTokensDetails, 'IMAGE'),
    audioOutput: tokensOf(raw.candidatesTokensDetails, 'AUDIO'),
    imageOutput: tokensOf(raw.candidatesTokensDetails, 'IMAGE'),
  };
  return {
    ...counts,
    cachedTokens: count(raw.cachedContentTokenCount),
    reasoningTokens,
    ...(Object.values(parts).some(Boolean) && { parts }),
  };
}

/** The tokens of one modality in a list of Gemini's. */
function tokensOf(details: unknown, modality: string): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const detail = details.map(asObject).find((each) => each?.modality === modality);
  return count(detail?.tokenCount);
}

function cachedIn(
  raw: JsonObject,
  details: JsonObject | undefined,
  cacheRead: number | undefined,
): number | undefined {
  return count(details?.cached_tokens) ?? cacheRead ?? count(raw.prompt_cache_hit_tokens);
}

/** Reads the counts with a separate price; undefined if the report has none, which is the usual case. */
function partsOf(
  raw: JsonObject,
  input: JsonObject | undefined,
  output: JsonObject | undefined,
): UsageParts | undefined {
  // Most reports have no such member, and then need no object.
  if (input === undefined && output === undefined && !hasOwnParts(raw)) return undefined;
  const parts = {
    cacheWrite: count(raw.cache_creation_input_tokens) ?? count(input?.cache_write_tokens),
    audioInput: count(input?.audio_tokens),
    imageInput: count(input?.image_tokens),
    ...cachedParts(input?.cached_tokens_details),
    audioOutput: count(output?.audio_tokens),
    imageOutput: count(output?.image_tokens),
    webSearches: count(asObject(raw.server_tool_use)?.web_search_requests),
    serviceTier: typeof raw.service_tier === 'string' ? raw.service_tier : undefined,
  };
  if (!hasAny(parts)) return undefined;
  return { ...parts, cacheWrite1h: count(asObject(raw.cache_creation)?.ephemeral_1h_input_tokens) };
}

/** Whether the report has counts with a separate price outside of its details. */
function hasOwnParts(raw: JsonObject): boolean {
  return (
    raw.cache_creation_input_tokens !== undefined ||
    raw.server_tool_use !== undefined ||
    raw.service_tier !== undefined
  );
}

function cachedParts(details: unknown): Pick<UsageParts, 'cachedAudio' | 'cachedImage'> | undefined {
  const cached = asObject(details);
  return cached && { cachedAudio: count(cached.audio_tokens), cachedImage: count(cached.image_tokens) };
}

function hasAny(parts: Readonly<Record<string, unknown>>): boolean {
  for (const name in parts) if (parts[name]) return true;
  return false;
}

/** Merges two usage reports of one stream. Later values win, except that null and 0 do not replace a number. */
export function mergeReports(earlier: JsonObject | undefined, later: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    if (merged[key] === undefined || (value !== null && value !== 0)) merged[key] = value;
  }
  return merged;
}

/**
 * Returns the cache tokens to add to the input. Only Anthropic's `input_tokens` exclude them; OpenAI's
 * `prompt_tokens` include them.
 */
function besides(raw: JsonObject, cacheRead: number | undefined, cacheWrite: number | undefined): number {
  return raw.prompt_tokens === undefined ? (cacheRead ?? 0) + (cacheWrite ?? 0) : 0;
}

function count(value: unknown): number | undefined {
  return isUsageCount(value) && Number.isInteger(value) ? value : undefined;
}

/** The sum of the known ones. */
function added(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined ? right : left + (right ?? 0);
}

function sum(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left + right;
}

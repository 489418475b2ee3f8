import { nanoDollars } from '../../lib/nano-dollars.ts';
import { asObject, type JsonObject, type JsonTree } from '../json.ts';
import { count, isReported, reportOf, type Usage } from '../usage.ts';

/** Reads the usage of a Chat answer or chunk. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = reportOf(value, 'prompt_tokens', 'completion_tokens');
  if (usage === undefined) return undefined;
  const input = asObject(usage['prompt_tokens_details']) ?? {};
  const output = asObject(usage['completion_tokens_details']) ?? {};
  return {
    input: count(usage['prompt_tokens']),
    cacheRead: count(input['cached_tokens']) ?? count(usage['prompt_cache_hit_tokens']),
    cacheWrite: count(input['cache_write_tokens']),
    output: count(usage['completion_tokens']),
    reasoning: count(output['reasoning_tokens']),
    audioInput: count(input['audio_tokens']),
    audioOutput: count(output['audio_tokens']),
    acceptedPrediction: count(output['accepted_prediction_tokens']),
    rejectedPrediction: count(output['rejected_prediction_tokens']),
    ...('cost' in usage && { reportedNano: nanoDollars(usage['cost']) }),
  };
}

/** The usage of a chunk or an answer, in any of the places that servers use. */
export function usageIn(chunk: JsonObject): Usage | undefined {
  return readUsage(chunk['usage']) ?? readUsage(asObject(chunk['x_groq'])?.['usage']);
}

/**
 * Writes usage for Chat clients. Includes details only if at least one is known. undefined: the provider reported none.
 */
export function writeUsage(usage: Usage | undefined): JsonTree | undefined {
  if (!isReported(usage)) return undefined;
  const { input = 0, output = 0 } = usage;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: known({
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite,
      audio_tokens: usage.audioInput,
    }),
    completion_tokens_details: known({
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.audioOutput,
      accepted_prediction_tokens: usage.acceptedPrediction,
      rejected_prediction_tokens: usage.rejectedPrediction,
    }),
  };
}

function known(details: JsonTree): JsonTree | undefined {
  return Object.values(details).some((value) => value !== undefined) ? details : undefined;
}

import { asObject, type JsonTree } from '../json.ts';
import { count, reportOf, type Usage } from '../usage.ts';

/** Reads the usage of a response. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = reportOf(value, 'input_tokens', 'output_tokens');
  if (usage === undefined) return undefined;
  const input = asObject(usage['input_tokens_details']) ?? {};
  const output = asObject(usage['output_tokens_details']) ?? {};
  return {
    input: count(usage['input_tokens']),
    cacheRead: count(input['cached_tokens']),
    cacheWrite: count(input['cache_write_tokens']),
    output: count(usage['output_tokens']),
    reasoning: count(output['reasoning_tokens']),
  };
}

/** Writes the usage for clients. Unknown counts are 0, because Codex cannot parse a response without them. */
export function writeUsage(usage: Usage | undefined): JsonTree {
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage ?? {};
  return {
    input_tokens: input,
    input_tokens_details: { cache_write_tokens: cacheWrite, cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

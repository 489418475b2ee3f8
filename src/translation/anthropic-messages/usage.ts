import { asObject, type JsonObject, type JsonTree } from '../json.ts';
import { count, reportOf, sum, type Usage } from '../usage.ts';

/**
 * Reads a message's usage. `input_tokens` excludes tokens read from and written to the cache; the hub's `input`
 * includes them.
 */
export function readUsage(usage: JsonObject): Usage {
  if (reportOf(usage, 'input_tokens', 'output_tokens') === undefined) return {};
  const input = count(usage['input_tokens']);
  const cacheRead = count(usage['cache_read_input_tokens']);
  const byTime = asObject(usage['cache_creation']);
  const cacheWrite1h = count(byTime?.['ephemeral_1h_input_tokens']);
  const cacheWrite =
    count(usage['cache_creation_input_tokens']) ??
    sum(count(byTime?.['ephemeral_5m_input_tokens']), cacheWrite1h);
  return {
    input: input === undefined ? undefined : sum(input, cacheRead, cacheWrite),
    cacheRead,
    cacheWrite,
    cacheWrite1h,
    output: count(usage['output_tokens']),
    reasoning: count(asObject(usage['output_tokens_details'])?.['thinking_tokens']),
  };
}

/** The service tier by OpenAI's name. */
export function readTier(usage: JsonObject): string | undefined {
  const tier = usage['service_tier'];
  if (tier === 'standard') return 'default';
  return tier === 'priority' ? tier : undefined;
}

/** The usage in `message_delta`. Unknown counts become 0, because the API requires numbers. */
export function writeDeltaUsage(usage: Usage | undefined): JsonTree {
  const { cacheRead, cacheWrite, input = 0, output = 0, reasoning } = usage ?? {};
  return {
    cache_creation_input_tokens: cacheWrite ?? null,
    cache_read_input_tokens: cacheRead ?? null,
    input_tokens: Math.max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)),
    output_tokens: output,
    output_tokens_details: reasoning === undefined ? null : { thinking_tokens: reasoning },
    server_tool_use: null,
  };
}

/** The usage of a whole message. */
export function writeUsage(usage: Usage | undefined): JsonTree {
  const { cacheWrite, cacheWrite1h } = usage ?? {};
  const split =
    cacheWrite1h === undefined
      ? null
      : {
          ephemeral_1h_input_tokens: cacheWrite1h,
          ephemeral_5m_input_tokens: Math.max(0, (cacheWrite ?? 0) - cacheWrite1h),
        };
  return {
    cache_creation: split,
    inference_geo: null,
    service_tier: null,
    speed: null,
    ...writeDeltaUsage(usage),
  };
}

import { asArray, asObject, type JsonObject } from '../json.ts';
import { count, reportOf, sum, type Usage } from '../usage.ts';

/** Reads Converse's `usage`. Its `inputTokens` exclude tokens read from and written to the cache. */
export function usageOf(report: JsonObject | undefined): Usage | undefined {
  const usage = reportOf(report, 'inputTokens', 'outputTokens');
  if (usage === undefined) return undefined;
  const cacheRead = count(usage['cacheReadInputTokens']);
  const cacheWrite = count(usage['cacheWriteInputTokens']);
  return {
    input: sum(count(usage['inputTokens']), cacheRead, cacheWrite),
    cacheRead,
    cacheWrite,
    cacheWrite1h: writtenForAnHour(usage),
    output: count(usage['outputTokens']),
  };
}

function writtenForAnHour(usage: JsonObject): number | undefined {
  const details = asArray(usage['cacheDetails']).map((detail) => asObject(detail));
  return sum(
    ...details.map((detail) => (detail?.['ttl'] === '1h' ? count(detail['inputTokens']) : undefined)),
  );
}

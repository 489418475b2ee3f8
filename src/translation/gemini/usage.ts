import { asArray, asObject, type JsonObject, type JsonTree } from '../json.ts';
import { count, isReported, reportOf, sum, type Usage } from '../usage.ts';

/**
 * Reads `usageMetadata` of a Gemini answer or chunk. Thought tokens count as output; `candidatesTokenCount` excludes
 * them.
 */
export function readUsage(value: unknown): Usage | undefined {
  const usage = reportOf(value, 'promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount');
  if (usage === undefined) return undefined;
  const reasoning = count(usage['thoughtsTokenCount']);
  return {
    input: sum(count(usage['promptTokenCount']), count(usage['toolUsePromptTokenCount'])),
    cacheRead: count(usage['cachedContentTokenCount']),
    output: sum(count(usage['candidatesTokenCount']), reasoning),
    reasoning,
    audioInput: audioIn(usage, 'promptTokensDetails'),
    audioOutput: audioIn(usage, 'candidatesTokensDetails'),
  };
}

function audioIn(usage: JsonObject, field: string): number | undefined {
  const detail = asArray(usage[field]).find((each) => asObject(each)?.['modality'] === 'AUDIO');
  return count(asObject(detail)?.['tokenCount']);
}

/** Writes usage for Gemini clients; undefined: the provider reported none. */
export function writeUsage(usage: Usage | undefined): JsonTree | undefined {
  if (!isReported(usage)) return undefined;
  const { input = 0, output = 0, reasoning, cacheRead } = usage;
  return {
    promptTokenCount: input,
    candidatesTokenCount: Math.max(0, output - (reasoning ?? 0)),
    totalTokenCount: input + output,
    thoughtsTokenCount: reasoning,
    cachedContentTokenCount: cacheRead,
  };
}

import type { Usage as GatewayUsage } from '../../protocols/protocol.ts';
import { isPartial, withTier } from '../../protocols/usage.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { Answer } from '../../translation/answer.ts';
import { isReported, type Usage } from '../../translation/usage.ts';
import { type AnswerText, sampleOf } from '../../usage/estimate-usage.ts';

/**
 * Converts the usage of a translated answer to the gateway's form, with the service tier that the answer names;
 * undefined if the provider reported none.
 */
export function gatewayUsage(
  usage: Usage | undefined,
  serviceTier: string | undefined,
): GatewayUsage | undefined {
  if (!isReported(usage)) return undefined;
  const { input, output, cacheRead, cacheWrite, cacheWrite1h, reasoning, audioInput, audioOutput } = usage;
  const parts = { cacheWrite, cacheWrite1h, audioInput, audioOutput };
  const hasParts = Object.values(parts).some((tokens) => tokens !== undefined);
  const told = {
    inputTokens: input,
    outputTokens: output,
    totalTokens: input === undefined || output === undefined ? undefined : input + output,
    cachedTokens: cacheRead,
    reasoningTokens: reasoning,
    ...(hasParts && { parts }),
    ...(usage.reportedNano !== undefined && { reportedNano: usage.reportedNano }),
  };
  return withTier(told, serviceTier);
}

/** Returns the text of an answer that does not report the whole usage. */
export function answerText({ choices }: Answer, usage: GatewayUsage | undefined): AnswerText {
  if (usage !== undefined && !isPartial(usage)) return NO_TEXT;
  const texts = choices.flatMap(({ parts }) =>
    parts.map((part) => (part.kind === 'call' ? part.arguments : part.text)),
  );
  return sampleOf(texts, '');
}

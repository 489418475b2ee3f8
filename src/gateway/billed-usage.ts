import type { Usage, UsageParts } from '../protocols/protocol.ts';
import type { WastedAttempt } from './execute.ts';

/** The usage of a request: that of its answer, and that of attempts that were billed although they gave none. */
export function billedUsage(
  answer: Usage | undefined,
  wasted: readonly WastedAttempt[] | undefined,
): Usage | undefined {
  if (wasted === undefined) return answer;
  return wasted.reduce<Usage | undefined>((sum, { usage }) => (sum ? added(sum, usage) : usage), answer);
}

/** The counts of both. */
export function added(one: Usage, other: Usage): Usage {
  const parts = one.parts && other.parts ? addedParts(one.parts, other.parts) : (one.parts ?? other.parts);
  return {
    inputTokens: sum(one.inputTokens, other.inputTokens),
    outputTokens: sum(one.outputTokens, other.outputTokens),
    totalTokens: sum(one.totalTokens, other.totalTokens),
    cachedTokens: sum(one.cachedTokens, other.cachedTokens),
    reasoningTokens: sum(one.reasoningTokens, other.reasoningTokens),
    reportedNano: sum(one.reportedNano, other.reportedNano),
    ...(parts && { parts }),
  };
}

function addedParts(one: UsageParts, other: UsageParts): UsageParts {
  return {
    cacheWrite: sum(one.cacheWrite, other.cacheWrite),
    cacheWrite1h: sum(one.cacheWrite1h, other.cacheWrite1h),
    audioInput: sum(one.audioInput, other.audioInput),
    cachedAudio: sum(one.cachedAudio, other.cachedAudio),
    cachedImage: sum(one.cachedImage, other.cachedImage),
    imageInput: sum(one.imageInput, other.imageInput),
    audioOutput: sum(one.audioOutput, other.audioOutput),
    imageOutput: sum(one.imageOutput, other.imageOutput),
    webSearches: sum(one.webSearches, other.webSearches),
    serviceTier: one.serviceTier ?? other.serviceTier,
  };
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0);
}

import type { Usage } from '../protocols/protocol.ts';
import { promptOf } from '../protocols/text.ts';

/**
 * Counts the tokens of a text with a common tokenizer, outside of the request path. Never rejects, and answers within a
 * second.
 */
export interface TokenCounter {
  readonly count: (text: string) => Promise<number>;
}

/** The text of an answer whose provider reported no usage. */
export interface AnswerText {
  /** The beginning of the text. */
  readonly sample: string;
  /** The number of characters received. */
  readonly chars: number;
}

/** Longer texts are extrapolated from this much of them. */
const SAMPLE_CHARS = 32_768;

/** Estimates the tokens of a request and its answer with a tokenizer that need not be the provider's. */
export async function estimateUsage(
  requestBody: Uint8Array,
  answer: AnswerText,
  tokens: TokenCounter,
): Promise<Usage> {
  const [inputTokens, outputTokens] = await Promise.all([
    tokensIn(promptOf(requestBody), tokens),
    tokensIn(answer, tokens),
  ]);
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    cachedTokens: undefined,
    reasoningTokens: undefined,
  };
}

/** The tokens of a text; of a longer one they are reckoned from its beginning. */
export async function tokensIn({ sample, chars }: AnswerText, tokens: TokenCounter): Promise<number> {
  const text = sample.slice(0, Math.min(SAMPLE_CHARS, chars));
  if (text === '') return 0;
  const counted = await tokens.count(text);
  return Math.max(1, Math.round((counted * chars) / text.length));
}

/** As much of the joined texts as an estimate needs. */
export function sampleOf(texts: readonly string[], separator: string): AnswerText {
  let sample = '';
  let chars = Math.max(0, texts.length - 1) * separator.length;
  for (const text of texts) {
    chars += text.length;
    const missing = SAMPLE_CHARS - sample.length;
    if (missing > 0) sample += (sample === '' ? '' : separator) + text.slice(0, missing);
  }
  return { sample, chars };
}

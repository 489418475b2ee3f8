import type { Usage } from './answer.ts';
import type { JsonObject } from './json.ts';

/** Token counts as chat, completions and embeddings report them. */
export function openAiUsage({ inputTokens, outputTokens, reasoningTokens, cached }: Usage): JsonObject {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cached?.read ?? 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

/** Token counts as the responses API reports them. */
export function responsesUsage({ inputTokens, outputTokens, reasoningTokens, cached }: Usage): JsonObject {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cached?.read ?? 0, cache_write_tokens: cached?.written ?? 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}

/** Token counts as Anthropic reports them. Its input tokens exclude cached ones. */
export function messagesUsage({ inputTokens, outputTokens, reasoningTokens, cached }: Usage): JsonObject {
  const { read = 0, written = 0 } = cached ?? {};
  return {
    input_tokens: inputTokens - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: outputTokens,
    ...(reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  };
}

/** Token counts as Gemini reports them. Its candidate tokens exclude thoughts. */
export function geminiUsage({ inputTokens, outputTokens, reasoningTokens, cached }: Usage): JsonObject {
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens - reasoningTokens,
    totalTokenCount: inputTokens + outputTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
    ...(reasoningTokens > 0 && { thoughtsTokenCount: reasoningTokens }),
    ...(cached !== undefined && { cachedContentTokenCount: cached.read }),
  };
}

/** Token counts as Converse reports them. */
export function converseUsage({ inputTokens, outputTokens, cached }: Usage): JsonObject {
  const { read = 0, written = 0 } = cached ?? {};
  return {
    inputTokens: inputTokens - read - written,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    ...(cached !== undefined && { cacheReadInputTokens: read, cacheWriteInputTokens: written }),
  };
}

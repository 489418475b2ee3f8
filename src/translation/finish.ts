/** Why an answer ended, in the hub. Failures are no finish: they are an error. */
export type FinishReason =
  | 'end'
  | 'stop_sequence'
  | 'max_tokens'
  | 'context_window'
  | 'tool_calls'
  | 'refusal'
  | 'content_filter'
  | 'pause';

export interface Finish {
  readonly reason: FinishReason;
  /** The text that matched, where the provider tells it. */
  readonly stopSequence?: string | undefined;
  readonly refusal?: Refusal | undefined;
}

/** Why a model refused, where the provider tells it (Anthropic's `stop_details`; Gemini's `blockReasonMessage`). */
export interface Refusal {
  readonly category?: string | undefined;
  readonly explanation?: string | undefined;
}

/**
 * What a finish becomes by what came before it: an ordinary end behind a call is `tool_calls`, behind a text of refusal `refusal`. A cut
 * answer stays cut.
 */
export function finishAfter(
  finish: Finish,
  seen: { readonly call: boolean; readonly refusal: boolean },
): Finish {
  if (finish.reason !== 'end') return finish;
  if (seen.call) return { ...finish, reason: 'tool_calls' };
  return seen.refusal ? { ...finish, reason: 'refusal' } : finish;
}

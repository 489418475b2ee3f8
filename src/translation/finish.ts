/** Why an answer ended, in the hub's terms. Failures are errors, not finishes. */
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
  /** The matched text, if the provider reports it. */
  readonly stopSequence?: string | undefined;
  readonly refusal?: Refusal | undefined;
}

/** Why a model refused, if the provider reports it (Anthropic's `stop_details`; Gemini's `blockReasonMessage`). */
export interface Refusal {
  readonly category?: string | undefined;
  readonly explanation?: string | undefined;
}

/**
 * Adjusts a finish to the preceding content: a normal end becomes `tool_calls` after a call and `refusal` after a
 * refusal text. A truncated answer stays truncated.
 */
export function finishAfter(
  finish: Finish,
  seen: { readonly call: boolean; readonly refusal: boolean },
): Finish {
  if (finish.reason !== 'end') return finish;
  if (seen.call) return { ...finish, reason: 'tool_calls' };
  return seen.refusal ? { ...finish, reason: 'refusal' } : finish;
}

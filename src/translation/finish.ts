import type { Exchange } from './exchange.ts';

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
 * Records what a client's API cannot say of a refusal: its category, and its explanation unless the writer gives it as a
 * text.
 */
export function tellRefusal({ refusal }: Finish, { target, losses }: Exchange, explains: boolean): void {
  if (refusal?.category !== undefined)
    losses.dropped('stop_details.category', 'the client API has no categories of refusals');
  if (refusal?.explanation !== undefined && !explains) {
    const path = target.api === 'messages' ? 'stop_details.explanation' : 'finishMessage';
    losses.dropped(path, 'the client API has no place for the explanation of a refusal');
  }
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

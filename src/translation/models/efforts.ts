import type { Effort } from '../conversation.ts';

const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** The word as an effort; undefined where it is none that is known. */
export function effortNamed(word: string | undefined): Effort | undefined {
  return word !== undefined && EFFORTS.has(word) ? (word as Effort) : undefined;
}

/** An effort as a server of OpenAI's APIs takes it. */
export interface SentEffort {
  /** undefined: nothing is sent. */
  readonly sent: string | undefined;
  /** false: told as approximated. */
  readonly isExact: boolean;
}

/**
 * The effort in one of the words that the model takes. `hasFloor`: a model that cannot be switched off is given the lowest effort in place of
 * `none` (OpenAI, Azure, every Responses API); others are sent nothing.
 */
export function effortIn(effort: Effort, efforts: readonly string[], hasFloor: boolean): SentEffort {
  if (efforts.includes(effort)) return { sent: effort, isExact: true };
  switch (effort) {
    case 'none':
      return { sent: hasFloor ? 'low' : undefined, isExact: false };
    case 'minimal':
      return { sent: 'low', isExact: false };
    case 'xhigh':
    case 'max':
      return { sent: 'high', isExact: false };
    case 'low':
    case 'medium':
    case 'high':
      return { sent: effort, isExact: true };
  }
}

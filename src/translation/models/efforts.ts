import type { Effort } from '../conversation.ts';

const EFFORTS: ReadonlySet<string> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** The effort with this name; undefined if it is unknown. */
export function effortNamed(word: string | undefined): Effort | undefined {
  return word !== undefined && EFFORTS.has(word) ? (word as Effort) : undefined;
}

/** An effort in the form that a server of OpenAI's APIs accepts. */
export interface SentEffort {
  /** undefined: send nothing. */
  readonly sent: string | undefined;
  /** false: recorded as approximated. */
  readonly isExact: boolean;
}

/**
 * Maps the effort to a value that the model accepts. `hasFloor`: a model that always reasons gets its lowest effort for
 * `none` (OpenAI, Azure, every Responses API). Without it, nothing is sent.
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

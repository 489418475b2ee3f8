import { plainModelId } from './model-id.ts';

/** The capabilities of a Gemini model, by its id. An id without a version counts as the newest. */
export interface GeminiFacts {
  /** Version 2.5 is 205, version 3 is 300. */
  readonly version: number;
  /** `budget`: thinkingBudget (2.5); `level`: thinkingLevel (3 and later). */
  readonly thinking: 'none' | 'budget' | 'level';
  /** The largest and smallest thinkingBudget. */
  readonly maxBudget: number;
  readonly offBudget: number;
  /** Whether it accepts the level MINIMAL: flash up to 3.6, flash-lite. */
  readonly minimal: boolean;
  /** Whether it requires signatures on calls in the history, and accepts media in `functionResponse.parts`. */
  readonly signatures: boolean;
}

export function geminiFacts(model: string): GeminiFacts {
  const id = plainModelId(model);
  const [, major, minor = '0'] = /gemini-(\d+)(?:-(\d)(?!\d))?/.exec(id) ?? [];
  const version = major === undefined ? 300 : Number(major) * 100 + Number(minor);
  const isPro = id.includes('pro');
  return {
    version,
    thinking: version < 205 ? 'none' : version < 300 ? 'budget' : 'level',
    maxBudget: isPro ? 32_768 : 24_576,
    offBudget: isPro ? 128 : 0,
    minimal: id.includes('flash-lite') || (id.includes('flash') && version <= 306),
    signatures: version >= 300,
  };
}

/** Whether Google AI Studio reads the file at this URL itself: one of its own files, or a video of YouTube. */
export function isGeminiFile(url: string): boolean {
  return OWN_FILES.test(url);
}

const OWN_FILES =
  /^https:\/\/(?:generativelanguage\.googleapis\.com\/|(?:www\.|m\.)?youtube\.com\/|youtu\.be\/)/;

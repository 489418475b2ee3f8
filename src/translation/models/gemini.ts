import { plainModelId } from './model-id.ts';

/** What a Gemini model takes, by its id. Ids that tell no version are taken for the newest. */
export interface GeminiFacts {
  /** 2.5 is 205, 3 is 300. */
  readonly version: number;
  /** `budget`: thinkingBudget (2.5); `level`: thinkingLevel (3 and later). */
  readonly thinking: 'none' | 'budget' | 'level';
  /** The highest and the lowest thinkingBudget. */
  readonly maxBudget: number;
  readonly offBudget: number;
  /** Whether the level MINIMAL is taken: flash up to 3.6, flash-lite. */
  readonly minimal: boolean;
  /** Whether calls of the history need a signature, and media may stand in `functionResponse.parts`. */
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

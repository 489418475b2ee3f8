import { markOf } from '../lib/json/json-marks.ts';
import { type TextSample, textUnderKeys } from '../lib/json/json-text.ts';

/** The text in an answer, or in a block of its events: what stands under these keys, given with their quotes. */
export function textUnder(...keys: readonly string[]): (bytes: Uint8Array) => TextSample {
  const marks = keys.map(markOf);
  return (bytes) => textUnderKeys(bytes, marks);
}

/** The text of a request in any of the shapes that clients use, images left out: what its tokens are made of. */
export function promptOf(body: Uint8Array): TextSample {
  return textUnderKeys(body, PROMPT_MARKS);
}

const PROMPT_MARKS = [
  '"content"',
  '"text"',
  '"prompt"',
  '"input"',
  '"instructions"',
  '"system"',
  '"arguments"',
].map(markOf);

/** The text of an answer that has none. */
export const NO_TEXT: TextSample = { sample: '', chars: 0 };

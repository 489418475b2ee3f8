import { markOf } from '../lib/json/json-marks.ts';
import { type TextSample, textUnderKeys } from '../lib/json/json-text.ts';

/**
 * Returns a function that samples the text under these keys (given with their quotes) in an answer or a block of
 * events.
 */
export function textUnder(...keys: readonly string[]): (bytes: Uint8Array) => TextSample {
  const marks = keys.map(markOf);
  return (bytes) => textUnderKeys(bytes, marks);
}

/** Samples the text of a request in any API's shape, without images, to estimate its tokens. */
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

/** The sample of an answer without text. */
export const NO_TEXT: TextSample = { sample: '', chars: 0 };

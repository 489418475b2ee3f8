import { type Mark, markOf, stringsOf } from '../lib/json/json-marks.ts';

/** The text in an answer, or in a block of its events: what stands under these keys, given with their quotes. */
export function textUnder(...keys: readonly string[]): (bytes: Uint8Array) => string {
  const marks = keys.map(markOf);
  return (bytes) => gather(bytes, marks);
}

/** The text of a request in any of the shapes that clients use, images left out: what its tokens are made of. */
export function promptOf(body: Uint8Array): string {
  return gather(body, PROMPT_MARKS);
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

function gather(bytes: Uint8Array, marks: readonly Mark[]): string {
  return marks.map((mark) => stringsOf(bytes, mark)).join('');
}

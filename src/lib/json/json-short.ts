import { MalformedJson } from './json-fault.ts';
import { afterString } from './json-value.ts';
import { splice } from '../splice.ts';
import type { Edit } from '../splice.ts';

/** A string of this many bytes is no name, number or reason, and nothing but its being there matters. */
const LONG_BYTES = 1_024;

/**
 * JSON with a word in place of each long string, so that what is around an image can be parsed without making it a text
 * twice. Where there is none, or where a string does not end, the same object is returned. undefined: more than `maxBytes` would be
 * left, which is found out without a look at all of it.
 */
export function shortenStrings(json: Uint8Array, maxBytes = Infinity): Uint8Array | undefined {
  const edits: Edit[] = [];
  let removed = 0;
  try {
    let start = json.indexOf(QUOTE);
    while (start !== -1) {
      const end = afterString(json, start);
      if (end - start > LONG_BYTES) {
        edits.push({ start, end, bytes: STAND_IN });
        removed += end - start;
      }
      if (end - removed > maxBytes) return undefined;
      start = json.indexOf(QUOTE, end);
    }
  } catch (error) {
    if (error instanceof MalformedJson) return json.length > maxBytes ? undefined : json;
    throw error;
  }
  return json.length - removed > maxBytes ? undefined : splice(json, edits);
}

const QUOTE = 0x22;
const STAND_IN = new TextEncoder().encode('"long"');

import { MalformedJson } from './json-fault.ts';
import { afterString } from './json-value.ts';
import { splice } from '../splice.ts';
import type { Edit } from '../splice.ts';

/** A longer string is not a name, a number or a reason: only its presence matters. */
const LONG_BYTES = 1_024;

/**
 * Replaces each long string in JSON by a placeholder, so that the surroundings of an image can be parsed without
 * turning it into text twice. Returns the same object if there is no long string, or if a string does not end. Returns
 * undefined if more than `maxBytes` would be left, which it detects without reading everything.
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

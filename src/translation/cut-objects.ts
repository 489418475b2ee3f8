import { JsonCheck } from './json-check.ts';
import { afterSpace } from './json-slices.ts';

/** JSON without the objects under a key, each of which a short one replaces. */
export interface CutJson {
  readonly text: string;
  /** What was cut, by what replaces it. */
  readonly objects: ReadonlyMap<string, string>;
}

/** Characters that are checked at once. */
const SLICE_CHARS = 128 * 1024;

/**
 * Cuts all objects under a key out of a large JSON text, so that the rest can be parsed at once. Checks what it cuts,
 * and pauses after each slice. Returns undefined if the text is malformed there.
 */
export function* cutObjects(text: string, key: string): Generator<undefined, CutJson | undefined> {
  // Quotes within strings are escaped, so that the name in quotes, before a colon, can only be a key.
  const name = JSON.stringify(key);
  const objects = new Map<string, string>();
  const kept: string[] = [];
  let end = 0;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, Math.max(end, at + 1))) {
    const start = objectStart(text, at + name.length);
    if (start === -1) continue;
    const cutEnd = yield* objectEnd(text, start);
    if (cutEnd === undefined) return undefined;
    const instead = `{"":${objects.size}}`;
    objects.set(instead, text.slice(start, cutEnd));
    kept.push(text.slice(end, start), instead);
    end = cutEnd;
  }
  kept.push(text.slice(end));
  return { text: kept.join(''), objects };
}

/** Where the object behind a key begins; -1 if no colon and object follow. */
function objectStart(text: string, behindKey: number): number {
  const colon = afterSpace(text, behindKey);
  const start = afterSpace(text, colon + 1);
  return text.charAt(colon) === ':' && text.charAt(start) === '{' ? start : -1;
}

function* objectEnd(text: string, start: number): Generator<undefined, number | undefined> {
  const check = new JsonCheck();
  for (let from = start; from < text.length; from += SLICE_CHARS) {
    const end = check.endIn(text.slice(from, from + SLICE_CHARS));
    if (end !== -1) return from + end;
    if (text.length - start > SLICE_CHARS) yield;
  }
  return undefined;
}

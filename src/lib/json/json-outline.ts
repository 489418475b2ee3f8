import { stringAt } from './json-string.ts';
import { afterSpace, afterString, createCursor, passValue } from './json-value.ts';
import type { Edit } from '../splice.ts';

/** A byte range; `end` is exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** A member of an object, from its key's opening quote to the end of its value. */
export interface ObjectMember extends Extent {
  /** Without escapes. */
  readonly key: string;
  readonly value: Extent;
}

/** One cursor is enough, because scans in this file run to completion. */
const CURSOR = createCursor();

/** The offset of the outermost value, after a byte order mark and white space. */
export function valueBegin(bytes: Uint8Array): number {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return afterSpace(bytes, hasMark ? 3 : 0);
}

/**
 * The members of the object at `at`, in order; none if another kind of value begins there.
 * @throws MalformedJson if the bytes are not JSON, which callers have checked before
 */
export function membersOf(bytes: Uint8Array, at: number): readonly ObjectMember[] {
  if (bytes[at] !== OPEN_BRACE) return [];
  const members: ObjectMember[] = [];
  let pos = afterSpace(bytes, at + 1);
  while (bytes[pos] !== CLOSE_BRACE) {
    const keyEnd = afterString(bytes, pos);
    const start = afterSpace(bytes, afterSpace(bytes, keyEnd) + 1);
    const end = afterValue(bytes, start);
    members.push({ key: stringAt(bytes, pos, keyEnd) ?? '', start: pos, end, value: { start, end } });
    pos = afterSpace(bytes, end);
    if (bytes[pos] !== COMMA) break;
    pos = afterSpace(bytes, pos + 1);
  }
  return members;
}

/** The elements of the list at `at`; none if another kind of value begins there. @throws MalformedJson */
export function elementsOf(bytes: Uint8Array, at: number): readonly Extent[] {
  if (bytes[at] !== OPEN_BRACKET) return [];
  const elements: Extent[] = [];
  let pos = afterSpace(bytes, at + 1);
  while (bytes[pos] !== CLOSE_BRACKET) {
    const end = afterValue(bytes, pos);
    elements.push({ start: pos, end });
    pos = afterSpace(bytes, end);
    if (bytes[pos] !== COMMA) break;
    pos = afterSpace(bytes, pos + 1);
  }
  return elements;
}

/** The member that parsers use for this key, which is the last one. */
export function memberNamed(members: readonly ObjectMember[], key: string): ObjectMember | undefined {
  return members.findLast((member) => member.key === key);
}

/** The value of a member as text; undefined if it is not a string. */
export function textOf(bytes: Uint8Array, value: Extent | undefined): string | undefined {
  if (value === undefined || bytes[value.start] !== QUOTE) return undefined;
  return stringAt(bytes, value.start, value.end);
}

/**
 * The edits that remove some of these adjacent members or elements, each with the comma that becomes superfluous.
 * Everything else stays as it is, including white space.
 */
export function cuts(siblings: readonly Extent[], isCut: (index: number) => boolean): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  while (at < siblings.length) {
    const first = siblings[at];
    if (first === undefined || !isCut(at)) {
      at += 1;
      continue;
    }
    let next = at + 1;
    while (next < siblings.length && isCut(next)) next += 1;
    const behind = siblings[next];
    const before = siblings[at - 1];
    const end = siblings[next - 1]?.end ?? first.end;
    if (behind !== undefined) edits.push({ start: first.start, end: behind.start, bytes: NOTHING });
    else edits.push({ start: before?.end ?? first.start, end, bytes: NOTHING });
    at = next;
  }
  return edits;
}

/** Sorts edits as `splice` expects them: an insertion comes before a removal at the same offset. */
export function inOrder(edits: readonly Edit[]): readonly Edit[] {
  return [...edits].sort((left, right) => left.start - right.start || left.end - right.end);
}

function afterValue(bytes: Uint8Array, start: number): number {
  CURSOR.pos = start;
  CURSOR.depth = 0;
  passValue(bytes, CURSOR, Infinity);
  return CURSOR.pos;
}

const NOTHING = new Uint8Array();
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

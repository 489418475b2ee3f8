import { scanObject, scanObjectInSlices, valueAt } from '../lib/json/json-scan.ts';
import type { JsonType, Member, ObjectScan } from '../lib/json/json-scan.ts';
import { asObject, type JsonObject } from './json-object.ts';
import type { AnswerDefect } from './protocol.ts';

/** What a protocol sees of an answer to judge. */
export interface AnswerView {
  /** Whether it was small enough to be parsed as a whole. Else each member is parsed when its value is read. */
  readonly isParsed: boolean;
  readonly type: (key: string) => JsonType | undefined;
  readonly value: (key: string) => unknown;
  /** Of a member as it stands there; none where there is no such member. */
  readonly bytes: (key: string) => Uint8Array;
}

/**
 * Judges a JSON answer: what every API has in common is settled here (empty, HTML, broken, an `error`), and `judge`
 * decides whether an object that passed all that is an answer, from the members that it `wanted`.
 */
export function judgeJson(
  body: Uint8Array,
  contentType: string,
  wanted: readonly string[],
  judge: (view: AnswerView) => AnswerDefect | undefined,
): AnswerDefect | undefined {
  const first = firstVisible(body);
  if (first === undefined) return 'empty';
  if (first === LESS_THAN || /\bhtml\b/i.test(contentType)) return 'html';
  const view = viewOf(body);
  if (typeof view === 'string') return view;
  if (isErrorObject(view)) return 'error-object';
  // What is read back as a list (stored completions) is an answer of another kind.
  return view.value('object') === 'list' && view.type('choices') === undefined && wanted.includes('choices')
    ? undefined
    : judge(view);
}

function viewOf(body: Uint8Array): AnswerView | AnswerDefect {
  const parsed = smallAnswer(body);
  if (parsed !== undefined) return parsedView(parsed, body);
  const scan = scanAnswer(body);
  switch (scan.kind) {
    case 'malformed':
      return scan.offset >= body.length ? 'truncated' : 'malformed';
    case 'not-an-object':
      return 'malformed';
    case 'object':
      return scannedView(scan.members, body);
  }
}

/** Up to this size parsing costs less than looking for members one by one; beyond it, the more the larger it is. */
const SMALL_BYTES = 4 * 1024;

/** Both are asked for twice in a row. What was found lives no longer than the body. */
const parsedBodies = new WeakMap<Uint8Array, { readonly value: JsonObject | undefined }>();
const scannedBodies = new WeakMap<Uint8Array, ObjectScan>();

/** A small answer as an object; undefined where it is large, or anything else. */
export function smallAnswer(body: Uint8Array): JsonObject | undefined {
  if (body.length > SMALL_BYTES) return undefined;
  const known = parsedBodies.get(body);
  if (known !== undefined) return known.value;
  const value = asObject(valueAt(body, 0, body.length));
  parsedBodies.set(body, { value });
  return value;
}

/** Every member that anything here asks of an answer. */
const MEMBERS =
  'error object type choices status output data stop_reason content usage x_groq model response message'.split(
    ' ',
  );

/** The members of an answer that anything asks for. */
export function scanAnswer(body: Uint8Array): ObjectScan {
  const known = scannedBodies.get(body);
  if (known !== undefined) return known;
  const scan = scanObject(body, MEMBERS);
  scannedBodies.set(body, scan);
  return scan;
}

/**
 * Scans a large answer before anything asks for its members, a slice at a time: each call of the function that is returned scans
 * about `sliceBytes` more and returns undefined until all is scanned.
 */
export function scanAnswerInSlices(body: Uint8Array, sliceBytes: number): () => ObjectScan | undefined {
  const scanOn = scanObjectInSlices(body, MEMBERS, sliceBytes);
  return () => {
    const scan = scanOn();
    if (scan !== undefined) scannedBodies.set(body, scan);
    return scan;
  };
}

/** Whether a value says something: not null, not '', not [], not {}. */
export function saysSomething(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== null && value !== undefined && value !== false;
}

/** Whether a message, or the delta of one, has anything for the user: text, reasoning, a refusal, a tool call, audio. */
export function hasContent(message: JsonObject | undefined): boolean {
  if (message === undefined) return false;
  return Object.entries(message).some(([key, value]) => !ENVELOPE.has(key) && saysSomething(value));
}

/** Members of a message that say whose it is, not what it says. */
const ENVELOPE = new Set(['role', 'name', 'id', 'type', 'provider_specific_fields', 'obfuscation']);

function parsedView(value: JsonObject, body: Uint8Array): AnswerView {
  return {
    isParsed: true,
    type: (key) => typeOf(value[key]),
    value: (key) => value[key],
    bytes(key) {
      const scan = scanAnswer(body);
      return scan.kind === 'object' ? scannedView(scan.members, body).bytes(key) : body.subarray(0, 0);
    },
  };
}

function typeOf(value: unknown): JsonType | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'number';
  return Array.isArray(value) ? 'array' : 'object';
}

function scannedView(members: readonly Member[], body: Uint8Array): AnswerView {
  const member = (key: string): Member | undefined => members.findLast((each) => each.key === key);
  return {
    isParsed: false,
    type: (key) => member(key)?.type,
    value(key) {
      const found = member(key);
      if (found === undefined) return undefined;
      const { valueStart, valueEnd } = found;
      return valueEnd - valueStart > MAX_PARSED_BYTES ? LARGE_VALUE : valueAt(body, valueStart, valueEnd);
    },
    bytes(key) {
      const found = member(key);
      return found === undefined ? body.subarray(0, 0) : body.subarray(found.valueStart, found.valueEnd);
    },
  };
}

/** A larger value is not parsed, since everything else would wait: that there is one is all that is known of it. */
const MAX_PARSED_BYTES = 1024 * 1024;
const LARGE_VALUE: JsonObject = { large: true };

function isErrorObject(view: AnswerView): boolean {
  if (saysSomething(view.value('error'))) return true;
  return view.value('object') === 'error' || view.value('type') === 'error';
}

/** The first byte that is neither white space nor part of a byte order mark. */
function firstVisible(body: Uint8Array): number | undefined {
  return body.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}

const LESS_THAN = 0x3c;

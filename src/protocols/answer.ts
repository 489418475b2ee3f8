import { valueAt } from '../lib/json/json-scan.ts';
import type { JsonType, Member } from '../lib/json/json-scan.ts';
import type { AnswerBody } from './answer-body.ts';
import type { JsonObject } from './json-object.ts';
import type { AnswerDefect, Protocol } from './protocol.ts';

/** An answer as a protocol sees it when judging. */
export interface AnswerView {
  /**
   * Whether the answer was small enough to parse as a whole. Otherwise each member is parsed when its value is read.
   */
  readonly isParsed: boolean;
  readonly type: (key: string) => JsonType | undefined;
  readonly value: (key: string) => unknown;
  /** The raw bytes of a member; empty if there is no such member. */
  readonly bytes: (key: string) => Uint8Array;
}

/** The rules by which an object is an answer of one API. */
export interface AnswerRules {
  /** The members that `judge` reads. */
  readonly wanted: readonly string[];
  readonly judge: (view: AnswerView, body: AnswerBody) => AnswerDefect | undefined;
}

/** Creates the judge of one API's JSON answers. */
export function jsonJudge(rules: AnswerRules): Protocol['judgeAnswer'] {
  return (body, contentType) => judgeJson(body, contentType, rules);
}

/**
 * Judges a JSON answer. Handles the defects that all APIs share (empty, HTML, broken, an `error`), and lets `judge`
 * decide about any other object, from the members in `wanted`.
 */
function judgeJson(
  body: AnswerBody,
  contentType: string,
  { wanted, judge }: AnswerRules,
): AnswerDefect | undefined {
  const first = firstVisible(body.bytes);
  if (first === undefined) return 'empty';
  if (first === LESS_THAN || /\bhtml\b/i.test(contentType)) return 'html';
  const view = viewOf(body);
  if (typeof view === 'string') return view;
  if (isErrorObject(view)) return 'error-object';
  // A list of stored completions is not a chat answer.
  return view.value('object') === 'list' && view.type('choices') === undefined && wanted.includes('choices')
    ? undefined
    : judge(view, body);
}

function viewOf(body: AnswerBody): AnswerView | AnswerDefect {
  const parsed = body.small();
  if (parsed !== undefined) return new ParsedView(parsed, body);
  const scan = body.scan();
  switch (scan.kind) {
    case 'malformed':
      return scan.offset >= body.bytes.length ? 'truncated' : 'malformed';
    case 'not-an-object':
      return 'malformed';
    case 'object':
      return scannedView(scan.members, body.bytes);
  }
}

/** Whether a value is more than null, false, '', [] or {}. */
export function saysSomething(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== null && value !== undefined && value !== false;
}

/** Whether a message or delta has anything for the user: text, reasoning, a refusal, a tool call, audio. */
export function hasContent(message: JsonObject | undefined): boolean {
  if (message === undefined) return false;
  for (const key in message) if (!ENVELOPE.has(key) && saysSomething(message[key])) return true;
  return false;
}

/** Members of a message that identify it but are not content. */
const ENVELOPE = new Set(['role', 'name', 'id', 'type', 'provider_specific_fields', 'obfuscation']);

class ParsedView implements AnswerView {
  readonly isParsed = true;
  readonly #value: JsonObject;
  readonly #body: AnswerBody;

  constructor(value: JsonObject, body: AnswerBody) {
    this.#value = value;
    this.#body = body;
  }

  type(key: string): JsonType | undefined {
    return typeOf(this.#value[key]);
  }

  value(key: string): unknown {
    return this.#value[key];
  }

  bytes(key: string): Uint8Array {
    const scan = this.#body.scan();
    const { bytes } = this.#body;
    return scan.kind === 'object' ? scannedView(scan.members, bytes).bytes(key) : bytes.subarray(0, 0);
  }
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

/**
 * Larger values are not parsed, since that would block all other requests. Readers then only learn that the value
 * exists.
 */
const MAX_PARSED_BYTES = 1024 * 1024;
const LARGE_VALUE: JsonObject = { large: true };

function isErrorObject(view: AnswerView): boolean {
  if (saysSomething(view.value('error'))) return true;
  return view.value('object') === 'error' || view.value('type') === 'error';
}

/** Returns the first byte that is neither white space nor part of a byte order mark. */
function firstVisible(body: Uint8Array): number | undefined {
  // An iterator costs ten times as much, and white space may be as long as the answer.
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] ?? 0;
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) return byte;
  }
  return undefined;
}

const LESS_THAN = 0x3c;

import { scanObject, valueAt } from '../lib/json-scan.ts';
import type { Member, ObjectScan } from '../lib/json-scan.ts';
import type { AnswerDefect } from './protocol.ts';
import type { JsonObject } from './usage.ts';

/** What a protocol sees of an answer to judge: the members that it asked for, each parsed when it is read. */
export interface AnswerView {
  readonly member: (key: string) => Member | undefined;
  readonly value: (key: string) => unknown;
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
  const scan = scanAnswer(body);
  switch (scan.kind) {
    case 'malformed':
      return scan.offset >= body.length ? 'truncated' : 'malformed';
    case 'not-an-object':
      return 'malformed';
    case 'object': {
      const view = viewOf(body, scan.members);
      if (isErrorObject(view)) return 'error-object';
      // What is read back as a list (stored completions) is an answer of another kind.
      return view.value('object') === 'list' &&
        view.member('choices') === undefined &&
        wanted.includes('choices')
        ? undefined
        : judge(view);
    }
  }
}

/** Every member that anything here asks of an answer. */
const MEMBERS = 'error object type choices status output data stop_reason content usage x_groq'.split(' ');

let last: { readonly body: Uint8Array; readonly scan: ObjectScan } | undefined;

/** The members of an answer that anything asks for. It is asked for twice in a row, and scanned once. */
export function scanAnswer(body: Uint8Array): ObjectScan {
  if (last?.body === body) {
    const { scan } = last;
    last = undefined;
    return scan;
  }
  const scan = scanObject(body, MEMBERS);
  last = { body, scan };
  return scan;
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

function viewOf(body: Uint8Array, members: readonly Member[]): AnswerView {
  const member = (key: string): Member | undefined => members.findLast((each) => each.key === key);
  return {
    member,
    value(key) {
      const found = member(key);
      return found === undefined ? undefined : valueAt(body, found.valueStart, found.valueEnd);
    },
    bytes(key) {
      const found = member(key);
      return found === undefined ? body.subarray(0, 0) : body.subarray(found.valueStart, found.valueEnd);
    },
  };
}

function isErrorObject(view: AnswerView): boolean {
  if (saysSomething(view.value('error'))) return true;
  return view.value('object') === 'error' || view.value('type') === 'error';
}

/** The first byte that is neither white space nor part of a byte order mark. */
function firstVisible(body: Uint8Array): number | undefined {
  return body.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}

const LESS_THAN = 0x3c;

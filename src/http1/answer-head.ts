import { REASON_PHRASES } from './reason-phrases.ts';

/** How the end of the body is signalled (RFC 9112 §6): its length, chunks, or no body. */
export type Framing = number | 'chunked' | 'none';

/** The parts of an answer's head. */
export interface AnswerHead {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly framing: Framing;
  /** Whether the connection closes after the answer. */
  readonly isLast: boolean;
}

/**
 * Writes the head of an answer in latin1, with its empty line. Fields that a parser could misread are left out. Writing
 * each character costs a third of joining texts.
 *
 * @returns the position after the head, or -1 if it does not fit
 */
export function writeAnswerHead(
  into: Uint8Array,
  { status, fields, framing, isLast }: AnswerHead,
  from = 0,
): number {
  let end = put(into, from, statusLine(status));
  for (const name in fields) {
    const value = fields[name] ?? '';
    if (end + name.length + value.length + REST_BYTES > into.byteLength) return -1;
    if (FRAMING.has(name)) continue;
    const next = putValue(into, put(into, put(into, end, name), ': '), value);
    // A field that is left out is overwritten by the next.
    if (next !== -1) end = put(into, next, '\r\n');
  }
  if (framing === 'chunked') end = put(into, end, 'transfer-encoding: chunked\r\n');
  else if (framing !== 'none') end = put(into, put(into, put(into, end, LENGTH), String(framing)), '\r\n');
  if (isLast) end = put(into, end, 'connection: close\r\n');
  end = put(into, put(into, end, 'date: '), dateOf(Date.now()));
  return put(into, end, '\r\n\r\n');
}

/** Returns a number of bytes in which the head fits. */
export function mostBytesOf({ fields }: AnswerHead): number {
  let most = 2 * REST_BYTES;
  for (const name in fields) most += name.length + (fields[name] ?? '').length + 4;
  return most;
}

/** More than a status line, or the lines after the fields, can have. */
const REST_BYTES = 256;

const LENGTH = 'content-length: ';

/** Fields that this server sets itself. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'date']);

function statusLine(status: number): string {
  return status === 200 ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ''}\r\n`;
}

function put(into: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) into[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Returns -1 unless the text has only visible characters of latin1, spaces and tabs. */
function putValue(into: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const isAllowed = (code >= 0x20 && code < 0x7f) || (code >= 0x80 && code <= 0xff) || code === 0x09;
    if (!isAllowed) return -1;
    into[at + index] = code;
  }
  return at + text.length;
}

const last = { second: 0, text: '' };

/** The time as in RFC 9110 §5.6.7, which has whole seconds. */
function dateOf(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== last.second) {
    last.second = second;
    last.text = new Date(second * 1000).toUTCString();
  }
  return last.text;
}

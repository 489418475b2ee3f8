import { fieldEntries, type Fields } from '../../lib/http/fields.ts';
import { decodeBody } from '../../lib/http/content-coding.ts';
import type { AnswerBytes, RequestEnded, RequestReceived, RequestStarted } from '../../gateway/events.ts';
import { CREDENTIAL_FIELDS, presentedKeys, SHORTEST_SOUGHT } from '../../gateway/credentials.ts';
import { redactCredential } from './redact.ts';

/** The maximum number of bytes kept of a body; of the rest, only the size is reported. */
const MOST_BODY_BYTES = 1024 * 1024;

/** Collects the data of one request until it ends, for a file of its own. */
export class RequestLog {
  readonly #started: RequestStarted;
  readonly #lines: string[] = [];
  readonly #request = new KeptBody();
  readonly #answer = new KeptBody();
  #answerHeaders: Fields | undefined;

  constructor(started: RequestStarted) {
    this.#started = started;
  }

  /** The bytes that this request holds. */
  get bytes(): number {
    return this.#request.kept + this.#answer.kept;
  }

  addLine(line: string): void {
    this.#lines.push(line);
  }

  /** `room`: the bytes that may still be kept, over all requests. */
  received({ body }: RequestReceived, room: number): void {
    this.#request.add(body, room);
  }

  answered({ bytes, headers }: AnswerBytes, room: number): void {
    this.#answerHeaders ??= headers;
    this.#answer.add(bytes, room);
  }

  /** The whole file. Credential headers are redacted here, because later they cannot be recognised. */
  text(ended: RequestEnded, isRedacted: boolean): string {
    const { method, path, headers } = this.#started;
    return [
      section(`${method} ${path}`, headerText(headers, isRedacted)),
      section('Request body', this.#request.text(headers, null)),
      section('Log', this.#lines.join('').trimEnd()),
      section(`Answer: ${ended.status} (${ended.ending})`, headerText(this.#answerHeaders, isRedacted)),
      section('Answer body', this.#answer.text(this.#answerHeaders, codingOf(this.#answerHeaders))),
    ].join('\n');
  }
}

/** The coding of an answer. A request's body is kept decoded. */
function codingOf(headers: Fields | undefined): string | null {
  return headers?.get('content-encoding') ?? null;
}

/** The beginning of a body. */
class KeptBody {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  kept = 0;

  add(bytes: Uint8Array, room: number): void {
    this.#size += bytes.byteLength;
    const fits = Math.max(0, Math.min(bytes.byteLength, MOST_BODY_BYTES - this.kept, room));
    if (fits === 0) return;
    // Copies the bytes: the buffer behind them may be much larger.
    this.#chunks.push(bytes.slice(0, fits));
    this.kept += fits;
  }

  text(headers: Fields | undefined, coding: string | null): string {
    if (this.#size === 0) return '(empty)';
    const bytes = Buffer.concat(this.#chunks);
    const decoded = decodeBody(bytes, coding, MOST_BODY_BYTES);
    const missing = this.#size - this.kept;
    const text = typeof decoded === 'string' ? undefined : textOf(decoded, missing > 0);
    if (text === undefined)
      return `(${this.#size} bytes, ${coding ?? headers?.get('content-type') ?? 'not text'})`;
    return missing === 0 ? text : `${text}\n(${missing} bytes more)`;
  }
}

/** The bytes as text; undefined if they are not text. A truncated body may end within a character. */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}

function section(title: string, text: string): string {
  return `── ${title}\n${text}\n`;
}

const SECRET_FIELDS: ReadonlySet<string> = new Set([
  ...CREDENTIAL_FIELDS,
  'proxy-authorization',
  'cookie',
  'set-cookie',
  // A browser can send a key only here when it opens a WebSocket.
  'sec-websocket-protocol',
]);

/** Masks credentials in lines of header fields that were written unmasked. */
export function maskedHeaders(lines: string): string {
  return lines.replaceAll(/^([\w-]+): (.*)$/gm, (line, name: string, value: string) =>
    SECRET_FIELDS.has(name) ? `${name}: ${value.includes('****') ? value : redactCredential(value)}` : line,
  );
}

function headerText(headers: Fields | undefined, isRedacted: boolean): string {
  if (headers === undefined) return '(none)';
  const keys = isRedacted
    ? presentedKeys({ headers, search: '' }).filter((key) => key.length >= SHORTEST_SOUGHT)
    : [];
  return fieldEntries(headers)
    .map(([name, value]) => {
      if (isRedacted && SECRET_FIELDS.has(name)) return `${name}: ${redactCredential(value)}`;
      // The client's key may also be in a header that is not known to hold keys.
      const clean = keys.reduce((text, key) => text.replaceAll(key, () => redactCredential(key)), value);
      return `${name}: ${clean}`;
    })
    .join('\n');
}

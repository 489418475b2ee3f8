import type { ApiError, Dialect } from './api-error.ts';
import { errorBody, errorHeaders } from './api-error.ts';
import type { Encoding } from './encoder.ts';
import type { EventStyle } from './event-text.ts';
import { PLAIN_STYLE } from './event-text.ts';
import type { Framing } from './event-writer.ts';
import type { Header } from './http/request-head.ts';
import type { Item } from './item.ts';

/** Tokens of an answer. */
export interface Usage {
  /** All input tokens, including cached ones. */
  readonly inputTokens: number;
  /** Including reasoning tokens. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Cached input tokens; absent: the provider has no cache. */
  readonly cached?: CachedTokens | undefined;
}

/** Input tokens read from the provider's cache, and input tokens written to it. */
export interface CachedTokens {
  readonly read: number;
  readonly written: number;
}

/** An answer as a script of items. A fault is a function from one answer to another. */
export interface Answer {
  readonly dialect: Dialect;
  readonly status: number;
  readonly headers: readonly Header[];
  /** The declared Content-Length; undefined: the body is chunked. */
  readonly length: number | undefined;
  /** Items before the status line. */
  readonly lead: readonly Item[];
  /** The body. It ends cleanly with the last item. */
  readonly items: Iterable<Item>;
  /** Items after the end of the body, before the next request is answered. */
  readonly tail: readonly Item[];
  /** Whether the items are events. */
  readonly isStream: boolean;
  readonly style: EventStyle;
  readonly framing: Framing;
  readonly encoding: Encoding | undefined;
  /** Splits the body into pieces of this size, written separately and at this interval. */
  readonly pieces: { readonly bytes: number; readonly everyMs: number } | undefined;
  /** Time between content events; 0: as fast as possible. */
  readonly paceMs: number;
  /** When the connection is closed after the answer; undefined: never. */
  readonly idleCloseMs: number | undefined;
  readonly usage: Usage | undefined;
}

/** The properties of an answer besides its body. */
export interface AnswerShape {
  readonly dialect: Dialect;
  readonly status?: number;
  readonly headers?: readonly Header[];
  readonly usage?: Usage | undefined;
  /** The framing of a stream. Default: `sse`. */
  readonly framing?: Framing;
}

const STREAM_TYPES: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  array: 'application/json; charset=UTF-8',
  frames: 'application/vnd.amazon.eventstream',
  'chunk-frames': 'application/vnd.amazon.eventstream',
};

/** An answer as a stream of events. */
export function streamAnswer(items: Iterable<Item>, shape: AnswerShape): Answer {
  const { framing = 'sse' } = shape;
  const headers: readonly Header[] = [
    ['Content-Type', STREAM_TYPES[framing]],
    ['Cache-Control', 'no-cache'],
    ...(shape.headers ?? []),
  ];
  return { ...BLANK, ...common(shape), headers, items, isStream: true, framing };
}

/** An answer with a body of known length. */
export function wholeAnswer(body: string | Uint8Array, contentType: string, shape: AnswerShape): Answer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const headers: readonly Header[] = [['Content-Type', contentType], ...(shape.headers ?? [])];
  return { ...BLANK, ...common(shape), headers, items: [{ kind: 'body', bytes }], length: bytes.length };
}

/** A JSON answer. */
export function jsonAnswer(body: unknown, shape: AnswerShape): Answer {
  return wholeAnswer(JSON.stringify(body), 'application/json', shape);
}

/** An error in the shape of the called API. */
export function errorAnswer(error: ApiError, dialect: Dialect, headers: readonly Header[] = []): Answer {
  const shape = {
    dialect,
    status: statusOf(error, dialect),
    headers: [...errorHeaders(error, dialect), ...headers],
  };
  return wholeAnswer(errorBody(error, dialect), 'application/json', shape);
}

/** The status for the dialect. Only Anthropic and compatible APIs use 529. */
export function statusOf({ status }: ApiError, dialect: Dialect): number {
  return status === 529 && (dialect === 'gemini' || dialect === 'bedrock') ? 503 : status;
}

/** The bytes of a body of known length; undefined for a stream, or for a body cut by a fault. */
export function wholeBody(answer: Answer): Uint8Array | undefined {
  if (!Array.isArray(answer.items) || answer.items.length !== 1) return undefined;
  const [item] = answer.items as readonly Item[];
  return item?.kind === 'body' ? item.bytes : undefined;
}

const BLANK = {
  lead: [],
  tail: [],
  length: undefined,
  isStream: false,
  style: PLAIN_STYLE,
  framing: 'sse',
  encoding: undefined,
  pieces: undefined,
  paceMs: 0,
  idleCloseMs: undefined,
} satisfies Partial<Answer>;

function common(shape: AnswerShape): Pick<Answer, 'dialect' | 'status' | 'usage'> {
  return { dialect: shape.dialect, status: shape.status ?? 200, usage: shape.usage };
}

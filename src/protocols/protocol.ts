import type { AnswerBody } from './answer-body.ts';
import type { ReportedError } from './reported-error.ts';
import type { TextSample } from '../lib/json/json-text.ts';

/**
 * One API, as far as the gateway has to understand it. Implementations are pure functions without knowledge of
 * sockets, routes or keys.
 */
export interface Protocol {
  readonly name: ProtocolName;
  /** Judges a complete, decoded answer with a 2xx status that is not a stream; undefined if it is a valid answer. */
  readonly judgeAnswer: (body: AnswerBody, contentType: string) => AnswerDefect | undefined;
  /**
   * Whether a request asks for an answer without content, such as the embeddings of an empty list. Defaults to never.
   */
  readonly asksForNothing?: (request: Uint8Array) => boolean;
  /** Samples the text in a complete answer or a block of events, to estimate usage that is not reported. */
  readonly textOf: (bytes: Uint8Array) => TextSample;
  /** Creates a reader for one streamed answer. */
  readonly readStream: () => StreamReader;
  /** Creates a reader for an answer streamed as the elements of one JSON list; absent if the API has none. */
  readonly readList?: () => StreamReader;
  /** Set if a stream's only known end is an orderly close of its connection. */
  readonly endsWithConnection?: true;
  /** Whether streams report usage only if the request sets `stream_options.include_usage`. */
  readonly asksForUsage: boolean;
  /** Returns the error event that ends a stream after something was sent. */
  readonly errorEvent: (
    error: { readonly message: string; readonly code: string },
    at?: StreamPosition,
  ) => string;
  /**
   * Returns a stream that only reports the failure, for kinds of error that clients recognise in no other form;
   * undefined if an HTTP status is better.
   */
  readonly failedStream?: (error: ReportedError) => string | undefined;
}

/** The result of reading an answer: its defect, or its usage and, if it reports none, its text. */
export type AnswerReading =
  | { readonly defect: AnswerDefect }
  | { readonly defect: undefined; readonly usage: Usage | undefined; readonly text: TextSample };

/** The position of a stream that an error event is to end. */
export interface StreamPosition {
  /** The `sequence_number` of the next event of the Responses API. */
  readonly nextSequenceNumber: number;
  /** The answer's id and model, if the stream has reported them. */
  readonly responseId: string | undefined;
  readonly model: string | undefined;
  /** The number of elements so far, in a stream that is one JSON list. */
  readonly listed?: number;
}

export type ProtocolName =
  | 'openai-chat'
  | 'openai-completions'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages'
  | 'gemini'
  | 'gemini-embeddings'
  | 'token-count'
  | 'opaque';

/** A subset of the defects that routing knows. */
export type AnswerDefect = 'error-object' | 'empty' | 'html' | 'no-choices' | 'truncated' | 'malformed';

/** Token counts as the provider reported them. An unreported count is undefined, never 0. */
export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly totalTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** Counts with a separate price; absent if the provider reported none. */
  readonly parts?: UsageParts;
  /** The provider's own statement of its bill, in nano-dollars. Nearly all providers omit it. */
  readonly reportedNano?: number | undefined;
}

/** Parts of the input and output with a separate price, in tokens. Each may be missing. */
export interface UsageParts {
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is cached for an hour. */
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  /** The parts of `audioInput` and `imageInput` that are cached, and so also of the cached tokens. */
  readonly cachedAudio?: number | undefined;
  readonly cachedImage?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** Number of searches, not tokens. */
  readonly webSearches?: number | undefined;
  /** The service tier in which the provider served the request, as it names it. */
  readonly serviceTier?: string | undefined;
}

/**
 * Reads one streamed answer, event by event. Before the first content it parses every event. After that it searches
 * the bytes for marks of usage and the end, and parses only events that contain one.
 */
export interface StreamReader {
  /** Classifies one complete event. `data` is the event's joined data, `event` its name or ''. */
  readonly read: (event: string, data: Uint8Array) => StreamSign;
  /**
   * Examines a block of whole events at once. True: it contains only more content and need not be read. False: each
   * of its events must be read. Always false before the first content.
   */
  readonly skim: (block: Uint8Array) => boolean;
  /** The usage read so far. If a provider sends running totals, the last report counts. */
  readonly usage: () => Usage | undefined;
  /** Whether the API's end of an answer has arrived: a finish reason, `[DONE]`, `response.completed`. */
  readonly isDone: () => boolean;
  /** The error in the event that was classified as `error`; undefined if there was none or it is not understood. */
  readonly error: () => ReportedError | undefined;
  /** The stream's position; absent if error events do not depend on it. */
  readonly position?: () => StreamPosition;
}

/**
 * `preamble`: nothing for the user (a role, a ping, `response.created`). `thinking`: the model has begun to think and
 * may be silent for minutes (an empty thinking block, a reasoning item). `content`: a piece of the answer, or a
 * finish reason, since an answer may be complete and empty. `usage-only`: an event with nothing but usage. `done`:
 * the end of the stream, with nothing left to say. `cut`: the end of the stream before that of its answer. `error`:
 * the provider reports a failure, or the first event cannot be read.
 */
export type StreamSign = 'preamble' | 'thinking' | 'content' | 'usage-only' | 'done' | 'cut' | 'error';

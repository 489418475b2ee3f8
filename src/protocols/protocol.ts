import type { AnswerBody } from './answer-body.ts';
import type { ReportedError } from './reported-error.ts';
import type { TextSample } from '../lib/json/json-text.ts';

/**
 * How one kind of API speaks, as far as a gateway has to understand it. An implementation is a set of pure
 * functions and knows nothing of sockets, routes or keys.
 */
export interface Protocol {
  readonly name: ProtocolName;
  /** Reads a complete, decoded answer with a 2xx status that is not a stream. */
  readonly readAnswer: (body: AnswerBody, contentType: string) => AnswerReading;
  /** Whether a request asks for an answer without content, such as the embeddings of an empty list. Never, if left out. */
  readonly asksForNothing?: (request: Uint8Array) => boolean;
  /** The text that a block of its events holds: the basis of an estimate where no usage is reported. */
  readonly textOf: (bytes: Uint8Array) => TextSample;
  /** A reader for one streamed answer. */
  readonly readStream: () => StreamReader;
  /** Whether nothing is known of its streams but that their connection ends in order. */
  readonly endsWithConnection?: true;
  /** Whether its streams report usage only where the request asks for it with `stream_options.include_usage`. */
  readonly asksForUsage: boolean;
  /** The text of an error event that ends a stream of which something was already sent. */
  readonly errorEvent: (
    error: { readonly message: string; readonly code: string },
    at?: StreamPosition,
  ) => string;
  /**
   * The events of a stream that says nothing but that it failed, where clients recognise this kind of error in no other
   * form. undefined: an HTTP status is better.
   */
  readonly failedStream?: (error: ReportedError) => string | undefined;
}

/** What became of reading an answer: what is wrong with it, or the tokens that it reports and, where it reports none, its text. */
export type AnswerReading =
  | { readonly defect: AnswerDefect }
  | { readonly defect: undefined; readonly usage: Usage | undefined; readonly text: TextSample };

/** Where a stream stands that an error is to end. */
export interface StreamPosition {
  /** The `sequence_number` that the next event of the Responses API must have. */
  readonly nextSequenceNumber: number;
  /** The answer's id and model, as far as the stream has said them. */
  readonly responseId: string | undefined;
  readonly model: string | undefined;
}

export type ProtocolName =
  | 'openai-chat'
  | 'openai-completions'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages'
  | 'opaque';

/** The same words as routing's defects, of which these are a part. */
export type AnswerDefect = 'error-object' | 'empty' | 'html' | 'no-choices' | 'truncated' | 'malformed';

/** Tokens as the provider counted them. A part that it does not report is undefined, never 0. */
export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly totalTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** What has a price of its own; left out where the provider told nothing of it. */
  readonly parts?: UsageParts;
}

/** Parts of the input and the output that cost something else, in tokens; each may be missing. */
export interface UsageParts {
  readonly cacheWrite?: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** Searches, not tokens. */
  readonly webSearches?: number | undefined;
  /** The tier that the provider served the request in, in its own word. */
  readonly serviceTier?: string | undefined;
}

/**
 * Follows one streamed answer, event by event. Before the first content it may parse; after it, the markers of
 * usage and end are looked for in the bytes, and only an event that carries one is parsed.
 */
export interface StreamReader {
  /** What one complete event means. `data` is the joined data of the event, `event` its name or ''. */
  readonly read: (event: string, data: Uint8Array) => StreamSign;
  /**
   * Looks over a block of whole events at once. True: there is nothing in it but more content, and it need not be read.
   * False: each event of it is to be read. Always false before the first content.
   */
  readonly skim: (block: Uint8Array) => boolean;
  /** The usage read so far; the last report counts where a provider sends running totals. */
  readonly usage: () => Usage | undefined;
  /** Whether the protocol's own word for the end has come: a finish reason, `[DONE]`, `response.completed`. */
  readonly isDone: () => boolean;
  /** What the event said that was read as `error`; undefined: nothing that can be understood, or there was none. */
  readonly error: () => ReportedError | undefined;
  /** Where the stream stands; absent where error events do not depend on it. */
  readonly position?: () => StreamPosition;
}

/**
 * `preamble`: nothing for the user (a role, a ping, `response.created`). `thinking`: the model has begun to think and may
 * be silent about it for minutes (an empty block of thinking, an item of reasoning). `content`: the first or a further piece of
 * the answer; a finish reason is content as well, since an answer may be complete and empty. `usage-only`: an event
 * that carries nothing but usage. `done`: the protocol's end, where nothing was left to say. `error`: the provider
 * says that it failed, or what should be the first content cannot be read.
 */
export type StreamSign = 'preamble' | 'thinking' | 'content' | 'usage-only' | 'done' | 'error';

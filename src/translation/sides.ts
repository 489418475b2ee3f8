import type { Answer, AnswerReading } from './answer.ts';
import type { Conversation } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import type { JsonTree } from './json.ts';
import type { StreamReader, StreamWriter } from './stream.ts';

/** Context for reading a request. */
export interface ReadContext {
  /** `req_X`. Ids that the client omitted are generated from X. */
  readonly requestId: string;
  /** The path with its query. For Gemini it holds the model and the method, and says whether only to count tokens. */
  readonly path: string;
}

/** `invalid`: the body violates its API at this path. The answer is 400 `invalid_body`. */
export type RequestReading =
  | { readonly kind: 'read'; readonly conversation: Conversation }
  | { readonly kind: 'invalid'; readonly path: string; readonly message: string };

/** Thrown by request readers if the body violates its API. `reading` converts it to a value. */
export class InvalidBody extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Runs a request reader. Any exception other than {@link InvalidBody} is a bug. */
export function reading(read: () => Conversation): RequestReading {
  try {
    return { kind: 'read', conversation: read() };
  } catch (error) {
    if (error instanceof InvalidBody) return { kind: 'invalid', path: error.path, message: error.message };
    throw error;
  }
}

/** The client side of a translation. One for each API that clients speak: `<api>/client.ts`. */
export interface ClientSide {
  /** Reads the client's body, once per request. Never throws. */
  readonly readRequest: (text: string, context: ReadContext) => RequestReading;
  /** Writes the body of a whole answer. Records losses in `exchange.losses`. */
  readonly writeAnswer: (answer: Answer, exchange: Exchange) => string;
  readonly createStreamWriter: (exchange: Exchange) => StreamWriter;
  /** Writes the answer to a token-count request; undefined if the API has none. */
  readonly writeCount?: ((inputTokens: number) => string) | undefined;
  /** Sent in a committed stream after every 15 s of the provider's silence. */
  readonly keepAlive: string;
  /** The content type of a stream. May depend on the request (Gemini without `alt=sse`). */
  readonly streamType: (exchange: Exchange) => string;
}

/** The provider side of a translation. One for each API that providers speak: `<api>/provider.ts`. */
export interface ProviderSide {
  /**
   * Writes the body for `exchange.target`. It may contain `RawJson`. Never stops at a loss: omits what the target
   * cannot carry and records it in `exchange.losses`. Calling it again gives the same result. The body is in the API's
   * own form; the carriage removes and adds the members that a carrier requires (`model`, `stream`,
   * `anthropic_version`).
   */
  readonly writeRequest: (exchange: Exchange) => JsonTree;
  /** Reads the body of an answer with status 200. Never throws. */
  readonly readAnswer: (text: string, exchange: Exchange) => AnswerReading;
  readonly createStreamReader: (exchange: Exchange) => StreamReader;
  /** Writes the body of a token-count request; undefined if the provider has no such method. */
  readonly writeCount?: ((exchange: Exchange) => JsonTree) | undefined;
  /** Reads the count in the answer to it. */
  readonly readCount?: ((text: string) => number | undefined) | undefined;
}

import type { Answer, AnswerReading } from './answer.ts';
import type { Conversation } from './conversation.ts';
import type { Exchange } from './exchange.ts';
import type { JsonTree } from './json.ts';
import type { StreamReader, StreamWriter } from './stream.ts';

/** What a request reader is told beside the body. */
export interface ReadContext {
  /** `req_X`: ids that the client left out are minted of X. */
  readonly requestId: string;
  /** The path with its query: Gemini's model and method stand there, and whether tokens are only to be counted. */
  readonly path: string;
}

/** `invalid`: the body is not what its API says, at this path; answered 400 `invalid_body`. */
export type RequestReading =
  | { readonly kind: 'read'; readonly conversation: Conversation }
  | { readonly kind: 'invalid'; readonly path: string; readonly message: string };

/** What a request reader throws where the body is not what its API says; `reading` turns it into a value. */
export class InvalidBody extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Runs a request reader. Anything but an {@link InvalidBody} that it throws is a bug. */
export function reading(read: () => Conversation): RequestReading {
  try {
    return { kind: 'read', conversation: read() };
  } catch (error) {
    if (error instanceof InvalidBody) return { kind: 'invalid', path: error.path, message: error.message };
    throw error;
  }
}

/** The client's half of a translation. One for each API that clients speak: `<api>/client.ts`. */
export interface ClientSide {
  /** Reads the client's body, once per request. Never throws. */
  readonly readRequest: (text: string, context: ReadContext) => RequestReading;
  /** The body of a whole answer. Losses go into `exchange.losses`. */
  readonly writeAnswer: (answer: Answer, exchange: Exchange) => string;
  readonly createStreamWriter: (exchange: Exchange) => StreamWriter;
  /** The body that answers a request for a count of tokens; undefined where the API has none. */
  readonly writeCount?: ((inputTokens: number) => string) | undefined;
  /** What goes out in a committed stream for each 15 s of the provider's silence. */
  readonly keepAlive: string;
  /** The content type of a stream; may hang on the request (Gemini without `alt=sse`). */
  readonly streamType: (exchange: Exchange) => string;
}

/** The provider's half. One for each API that providers speak: `<api>/provider.ts`. */
export interface ProviderSide {
  /**
   * The body for `exchange.target`; may hold `RawJson`. Never stops at a loss: what cannot be carried is left out and told to `exchange.losses`.
   * Called twice, it gives the same. Members that a carrier cuts or adds (`model`, `stream`, `anthropic_version`) are the
   * carriage's business: the body is written as the API itself has it.
   */
  readonly writeRequest: (exchange: Exchange) => JsonTree;
  /** Reads the body of a 200 answer. Never throws. */
  readonly readAnswer: (text: string, exchange: Exchange) => AnswerReading;
  readonly createStreamReader: (exchange: Exchange) => StreamReader;
  /** The body that asks for a count of the tokens alone; undefined where the provider has no such method. */
  readonly writeCount?: ((exchange: Exchange) => JsonTree) | undefined;
  /** The count in such an answer. */
  readonly readCount?: ((text: string) => number | undefined) | undefined;
}

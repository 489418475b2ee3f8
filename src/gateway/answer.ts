import type { Usage } from '../protocols/protocol.ts';
import type { AnswerText } from '../usage/estimate-usage.ts';
import type { ByteSink } from './body/pipe.ts';

/** What a provider answered: all of it at hand, or a stream that has begun and is forwarded as it comes. */
export type Answer = WholeAnswer | StreamedAnswer;

export interface WholeAnswer {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: Headers;
  /** As the provider sent them, compressed or not. */
  readonly bytes: Uint8Array;
  readonly usage: Usage | undefined;
  /** The text of the answer where its usage is not reported. */
  readonly text: AnswerText;
  /** Whether it tells of a failure, whatever its status says. */
  readonly isFailure?: boolean;
}

export interface StreamedAnswer {
  readonly kind: 'streamed';
  readonly status: number;
  readonly headers: Headers;
  readonly stream: AnswerStream;
}

/** An answer whose first content is there, and which is read on as fast as the client takes it. */
export interface AnswerStream {
  /** Sends all of it to the client; resolves with how it ended. Never rejects. */
  readonly pipeTo: (sink: ByteSink) => Promise<StreamEnd>;
  /** Whether it ends in order behind an error that is told within it: then its API has a word for that. */
  readonly endsInOrder?: boolean;
  /** Whether an error can be told within it: it is a plain stream of events. */
  readonly takesEvents: boolean;
  /** The text of the event by which the client is told that the stream broke off; '' where it takes none. */
  readonly errorEvent: (error: { readonly message: string; readonly code: string }) => string;
  /** Calls the provider off, if it is still at it. */
  readonly cancel: () => void;
  /** Whether all of the answer has been said, though its bytes may not have ended. */
  readonly isDone: () => boolean;
  /** The tokens reported so far. */
  readonly usage: () => Usage | undefined;
  /** The text so far, to estimate the tokens that are not reported. */
  readonly text: () => AnswerText;
}

/**
 * A stream ends in one of three ways: `complete`, with the protocol's own word for it; `broken`, by the provider's
 * error, its silence or its going away; `left`, by the client.
 */
export type StreamEnd =
  | { readonly kind: 'complete' }
  | {
      readonly kind: 'broken';
      readonly reason: string;
      /** Whether the provider's own error event has gone to the client. */
      readonly isTold: boolean;
    }
  | { readonly kind: 'left' };

import type { Fields } from '../lib/http/fields.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { AnswerText } from '../usage/estimate-usage.ts';
import type { ByteSink } from './body/pipe.ts';

/** A provider's answer: complete, or a stream that has begun and is forwarded as it arrives. */
export type Answer = WholeAnswer | StreamedAnswer;

export interface WholeAnswer {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: Fields;
  /** The provider's bytes, possibly compressed. */
  readonly bytes: Uint8Array;
  readonly usage: Usage | undefined;
  /** The text of the answer, if its usage is not reported, or not all of it. */
  readonly text: AnswerText;
  /** Whether the answer reports a failure, whatever its status. */
  readonly isFailure?: boolean;
}

export interface StreamedAnswer {
  readonly kind: 'streamed';
  readonly status: number;
  readonly headers: Fields;
  readonly stream: AnswerStream;
}

/** A stream whose first content has arrived. It is read as fast as the client accepts it. */
export interface AnswerStream {
  /** Forwards the whole stream to the client, and resolves with its end. Never rejects. */
  readonly pipeTo: (sink: ByteSink) => Promise<StreamEnd>;
  /** Whether the stream ends normally after an error event, because its API has such an event. */
  readonly endsInOrder?: boolean;
  /** Whether an error event can be inserted, which requires a plain event stream. */
  readonly takesEvents: boolean;
  /** Returns the event that tells the client that the stream broke off; '' if it accepts no events. */
  readonly errorEvent: (error: { readonly message: string; readonly code: string }) => string;
  /** Cancels the provider's request if it is still running. */
  readonly cancel: () => void;
  /** Whether the answer is complete, although its bytes may not have ended. */
  readonly isDone: () => boolean;
  /** The usage reported so far. */
  readonly usage: () => Usage | undefined;
  /** The text so far, to estimate usage that is not reported. */
  readonly text: () => AnswerText;
}

/**
 * How a stream ended: `complete` with the API's end marker; `broken` by an error, silence or disconnect of the
 * provider; `left` by the client.
 */
export type StreamEnd =
  | { readonly kind: 'complete' }
  | {
      readonly kind: 'broken';
      readonly reason: string;
      /** Whether the provider's own error event was forwarded to the client. */
      readonly isErrorForwarded: boolean;
    }
  | { readonly kind: 'left' };

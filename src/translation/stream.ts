import type { Citation } from './answer.ts';
import type { Seal } from './conversation.ts';
import type { Finish } from './finish.ts';
import type { HubError } from './hub-error.ts';
import type { Usage } from './usage.ts';

/**
 * What a reader of a provider's stream emits. Order: `start` once, first; of one chunk `usage` before content, content before `finish`;
 * `finish` once; `end` or `error` once and last. A reader may interleave calls; `sequence.ts` puts one behind the other before a
 * writer sees them, and closes what a reader leaves open (`part-end`, `reasoning-end`, `call-end` are optional for a reader
 * whose API has no such word, except where they carry a seal).
 */
export type HubEvent =
  | {
      readonly kind: 'start';
      readonly upstreamId?: string | undefined;
      readonly model?: string | undefined;
      readonly usage?: Usage | undefined;
      readonly serviceTier?: string | undefined;
    }
  /** Never empty. */
  | { readonly kind: 'text' | 'reasoning' | 'refusal'; readonly text: string }
  /** Closes the reasoning block, or is all of one without text. */
  | { readonly kind: 'reasoning-end'; readonly seal?: Seal | undefined; readonly redacted: boolean }
  /** Closes a text block where the provider has blocks. `seal`: Gemini's signature on the text. */
  | { readonly kind: 'part-end'; readonly seal?: Seal | undefined }
  /** `key` names the call within the stream; `seal` if it is known already (Gemini). `id` is never empty. */
  | {
      readonly kind: 'call';
      readonly key: string;
      readonly id: string;
      readonly name: string;
      readonly form: 'function' | 'freeform';
      readonly namespace?: string | undefined;
      readonly seal?: Seal | undefined;
    }
  /** A piece of the arguments' JSON text (of the input itself for `freeform`). Never empty. */
  | { readonly kind: 'arguments'; readonly key: string; readonly json: string }
  | { readonly kind: 'call-end'; readonly key: string }
  | { readonly kind: 'citation'; readonly citation: Citation }
  /** In Chat's shape, `{token, logprob, bytes, top_logprobs}`; belongs to the text event that follows. */
  | { readonly kind: 'logprobs'; readonly tokens: readonly unknown[] }
  /** Cumulative: a later one completes the earlier. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly serviceTier?: string | undefined }
  /** Why; not yet the end. */
  | { readonly kind: 'finish'; readonly finish: Finish }
  /** The provider's own last word. */
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: HubError };

/** Makes hub events of a provider's stream. Total: garbage becomes an `error` event, nothing throws. Holds no text. */
export interface StreamReader {
  /**
   * One whole event. Server-sent events: the name ('' where it has none) and the data. Frames of Amazon's event stream: the
   * `:event-type` and the payload; for exceptions `exception ` and the `:exception-type` as the name.
   * After `end` or `error` nothing more is emitted.
   */
  readonly push: (event: string, data: Uint8Array) => readonly HubEvent[];
  /** The bytes ended, or nothing follows a finish for a while: `end` if the provider's finish was seen, else the error `truncated`. */
  readonly atEndOfBytes: () => readonly HubEvent[];
}

/**
 * Makes a client's stream of hub events that came through `sequence.ts`: never two blocks open, every block closed before the next.
 * Bytes are whole events, ready to send.
 */
export interface StreamWriter {
  /** undefined: nothing to send for this event. The bytes of success's last word come for `end` alone. */
  readonly push: (event: HubEvent) => Uint8Array | undefined;
  /** The answer's first event alone, where it has not been sent yet; else undefined. `push` sends it before the first content. */
  readonly begin: () => Uint8Array | undefined;
  /** The client API's error event. The open block is not closed; nothing follows. */
  readonly fail: (error: HubError) => Uint8Array;
  /** Why the answer cannot go on after the last `push`, such as a text too long to be held; undefined: it can. */
  readonly fault?: (() => HubError | undefined) | undefined;
}

/** Whether the event is content: with the first one the answer is committed. */
export function isContent({ kind }: HubEvent): boolean {
  return (
    kind === 'text' || kind === 'reasoning' || kind === 'refusal' || kind === 'call' || kind === 'finish'
  );
}

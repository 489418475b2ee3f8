import type { Citation } from './answer.ts';
import type { Seal } from './conversation.ts';
import type { Finish } from './finish.ts';
import type { StreamPiece } from './held-text.ts';
import type { HubError } from './hub-error.ts';
import type { Usage } from './usage.ts';

/**
 * An event that a reader of a provider's stream emits.
 *
 * Order: `start` once and first; within a chunk, `usage` before content and content before `finish`; `finish` once;
 * `end` or `error` once and last. A reader may interleave calls. `sequence.ts` orders them before a writer sees them,
 * and closes everything that a reader leaves open. A reader whose API has no such event may omit `part-end`, `reasoning-end`
 * and `call-end`, unless they carry a seal.
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
  /** Closes the reasoning block, or stands for a whole block without text. */
  | { readonly kind: 'reasoning-end'; readonly seal?: Seal | undefined; readonly redacted: boolean }
  /**
   * The seal of the last reasoning block that ended without one, if it arrives after other content. `path`: its block in
   * the provider's answer.
   */
  | { readonly kind: 'late-seal'; readonly seal: Seal; readonly path: string }
  /** Closes a text block if the provider has blocks. `seal`: Gemini's signature of the text. */
  | { readonly kind: 'part-end'; readonly seal?: Seal | undefined }
  /**
   * `key` identifies the call within the stream. `seal` is set if it is already known (Gemini). `id` is never empty.
   */
  | {
      readonly kind: 'call';
      readonly key: string;
      readonly id: string;
      readonly name: string;
      readonly form: 'function' | 'freeform';
      readonly namespace?: string | undefined;
      readonly seal?: Seal | undefined;
      /** Its path in the provider's whole answer, for losses. */
      readonly path?: string | undefined;
    }
  /** A piece of the arguments' JSON text, or of the input itself for `freeform`. Never empty. */
  | { readonly kind: 'arguments'; readonly key: string; readonly json: string }
  | { readonly kind: 'call-end'; readonly key: string }
  | { readonly kind: 'citation'; readonly citation: Citation }
  /** In Chat's shape, `{token, logprob, bytes, top_logprobs}`. Belongs to the text event that follows. */
  | { readonly kind: 'logprobs'; readonly tokens: readonly unknown[] }
  /** Cumulative: a later one completes the earlier. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly serviceTier?: string | undefined }
  /** The finish reason. More events may follow. */
  | { readonly kind: 'finish'; readonly finish: Finish }
  /** The provider's final event. */
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: HubError };

export type EventOf<Kind extends HubEvent['kind']> = Extract<HubEvent, { kind: Kind }>;

/** The data of a provider's event: UTF-8, or its text if it has been decoded. */
export type EventData = Uint8Array | string;

export function eventText(data: EventData): string {
  return typeof data === 'string' ? data : UTF8.decode(data);
}

const UTF8 = new TextDecoder();

/**
 * Converts a provider's stream to hub events. Never throws: malformed input becomes an `error` event. Buffers no text.
 */
export interface StreamReader {
  /**
   * Reads one whole event. Server-sent events: the name ('' without one) and the data. Frames of Amazon's event stream:
   * the `:event-type` and the payload; for exceptions, the name is `exception ` followed by the `:exception-type`.
   * Emits nothing after `end` or `error`.
   */
  readonly push: (event: string, data: EventData) => readonly HubEvent[];
  /** Like `push`, for a large event whose reading takes long. Gives no events at first: others get a turn meanwhile. */
  readonly pushLarge?: (data: string) => Iterable<readonly HubEvent[]>;
  /**
   * Call this when the bytes end, or when nothing has followed a finish for a while. Emits `end` if a finish was seen,
   * otherwise the error `truncated`.
   */
  readonly atEndOfBytes: () => readonly HubEvent[];
}

/**
 * Converts hub events to a client's stream. The events come through `sequence.ts`, so at most one block is open, and
 * each closes before the next begins. Returns bytes of whole events, ready to send.
 */
export interface StreamWriter {
  /** undefined: this event has no output. Only `end` produces the final event of a successful stream. */
  readonly push: (event: HubEvent) => StreamPiece | undefined;
  /**
   * Only the answer's first event, if it has not been sent yet; otherwise undefined. `push` sends it before the first
   * content.
   */
  readonly begin: () => Uint8Array | undefined;
  /** The client API's error event. Leaves the open block open. Nothing may follow. */
  readonly fail: (error: HubError) => Uint8Array;
  /**
   * The reason why the answer cannot continue after the last `push`, such as a text too long to keep; undefined: it
   * can.
   */
  readonly fault?: (() => HubError | undefined) | undefined;
}

/** Whether the event is content. The first content commits the answer. */
export function isContent({ kind }: HubEvent): boolean {
  return (
    kind === 'text' || kind === 'reasoning' || kind === 'refusal' || kind === 'call' || kind === 'finish'
  );
}

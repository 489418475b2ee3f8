/** The role of an event in its protocol. `content` events carry one token each. */
export type Part = 'opening' | 'content' | 'finish' | 'usage' | 'done' | 'error';

/** One server-sent event; `name` is '' if the protocol does not name its events. */
export interface StreamEvent {
  readonly kind: 'event';
  readonly part: Part;
  readonly name: string;
  readonly data: string;
}

/**
 * One step of an answer. `body` bytes are compressed and framed, `wire` bytes are sent as they are. `half` is half of
 * an event's text. `hold` stays silent until the peer leaves; `reset` sends a RST and `close` a FIN, without ending the
 * body.
 */
export type Item =
  | StreamEvent
  | { readonly kind: 'half'; readonly of: StreamEvent; readonly which: 'first' | 'second' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'body' | 'wire'; readonly bytes: Uint8Array }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'hold' | 'reset' | 'close' };

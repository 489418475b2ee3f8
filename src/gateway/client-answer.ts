/** The fields of an answer's header by name in lower case. A plain object costs less than `Headers`. */
export type AnswerFields = Record<string, string>;

/** The answer that a client receives, independent of the server that sends it. */
export type ClientAnswer = WholeClientAnswer | StreamedClientAnswer;

/** A complete answer. Its server adds the length. */
export interface WholeClientAnswer {
  readonly kind: 'whole';
  readonly status: number;
  readonly fields: AnswerFields;
  readonly body: Uint8Array | string | null;
  /** Whether the answer is one to HEAD that stands for a body of unknown length. */
  readonly hasUnsentBody?: boolean;
}

/** A successful answer in JSON. */
export function jsonAnswer(value: object): WholeClientAnswer {
  const fields = { 'content-type': 'application/json;charset=utf-8' };
  return { kind: 'whole', status: 200, fields, body: JSON.stringify(value) };
}

/** An answer that is sent as it arrives. */
export interface StreamedClientAnswer {
  readonly kind: 'streamed';
  readonly status: number;
  readonly fields: AnswerFields;
  /** Sends the whole stream, and resolves when it is over. Called once, unless `cancel` was called. Never rejects. */
  readonly send: (client: ClientStream) => Promise<void>;
  /** Called when the client disconnects, or if the stream is never sent. */
  readonly cancel: () => void;
}

/** The client's side of a stream. */
export interface ClientStream {
  /** Sends bytes at once. Returns a promise while the client has not accepted earlier bytes. */
  readonly write: (bytes: Uint8Array) => Promise<unknown> | undefined;
  /** Like `write`, for a whole chunk with its framing (RFC 9112 §7.1); absent if the server frames answers itself. */
  writeFramed?(chunk: Uint8Array): Promise<unknown> | undefined;
  /** Whether several clients get the stream, so that nothing may be added that only one of them asked for. */
  readonly isShared?: boolean;
  /** Ends the answer normally. */
  readonly close: () => void;
  /** Breaks the connection, so that no client can mistake the answer for a complete one. */
  readonly reset: () => void;
}

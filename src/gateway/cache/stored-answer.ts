import type { AnswerFields } from '../client-answer.ts';

/** A piece of a streamed answer, or a whole answer. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Milliseconds since the answer began. */
  readonly atMs: number;
}

/** The origin of an answer: who asked for it, and under which configuration. */
export interface AnswerOrigin {
  /** The public name of the model that it was asked of. */
  readonly model: string;
  /** The id and name of the key that asked; undefined: an open gateway. */
  readonly keyId: string | undefined;
  readonly keyName: string | undefined;
  /** The settings of that model and key. */
  readonly print: string;
}

/** An answer as the cache keeps it. */
export interface StoredAnswer extends AnswerOrigin {
  readonly status: number;
  /** The fields that hold for every client. */
  readonly fields: AnswerFields;
  readonly pieces: readonly Piece[];
  readonly byteLength: number;
  readonly isStream: boolean;
  readonly storedAtMs: number;
  readonly ttlMs: number;
  /** The cost in nano-dollars; undefined while it is unknown. Set once. */
  costNano: number | undefined;
}

/** The storage of answers. */
export interface AnswerStore {
  /** Returns a promise if the store lies behind a network. */
  readonly find: (id: string, nowMs: number) => StoredAnswer | undefined | Promise<StoredAnswer | undefined>;
  readonly keep: (id: string, answer: StoredAnswer) => void;
  /** Returns how many were forgotten. */
  readonly forget: (isMeant: (answer: StoredAnswer) => boolean) => number;
}

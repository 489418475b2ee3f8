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

/** Whose answers are to be forgotten: of a model, to a key (by name or id), both, or all. */
export interface ForgottenAnswers {
  readonly model?: string | undefined;
  readonly key?: string | undefined;
}

/** Answers that several gateways share, behind a network. */
export interface SharedAnswers {
  /** Makes the names of answers. All gateways that share them have the same. */
  readonly secret: Uint8Array;
  /** `away`: it could not be looked for. Never rejects. */
  readonly find: (id: string, nowMs: number) => Promise<StoredAnswer | 'away' | undefined>;
  /** `sinceMs`: for how long it has been asked for. Resolves with whether it is kept. Never rejects. */
  readonly keep: (id: string, answer: StoredAnswer, sinceMs: number) => Promise<boolean>;
  /** Whether answers of this origin were forgotten in the last `sinceMs`, as far as is known. Never rejects. */
  readonly isForgotten: (origin: AnswerOrigin, sinceMs: number) => Promise<boolean>;
  /** Rejects if nothing was forgotten. */
  readonly forget: (forgotten: ForgottenAnswers) => Promise<void>;
  readonly close: () => void;
}

/** The storage of answers in this process. */
export interface AnswerStore {
  readonly find: (id: string, nowMs: number) => StoredAnswer | undefined;
  readonly keep: (id: string, answer: StoredAnswer) => void;
  /** Returns how many were forgotten. */
  readonly forget: (isMeant: (answer: StoredAnswer) => boolean) => number;
}

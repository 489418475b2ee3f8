/** A question of a key's holder about the key's own use, which only the process with the database can answer. */
export type KeyQuestion = { readonly keyId: string; readonly keyName: string } & (
  | { readonly about: 'spend' }
  /** `parameters` are those of the query, by name. */
  | { readonly about: 'usage' | 'requests'; readonly parameters: Readonly<Record<string, string>> }
  | { readonly about: 'request'; readonly requestId: string }
  | { readonly about: 'rotation'; readonly rotation: KeyRotation }
);

/** Replaces the secret of a key on behalf of its holder. */
export interface KeyRotation {
  readonly clientAddress: string;
  /** JSON. */
  readonly body: string;
  readonly idempotencyKey: string | undefined;
}

/**
 * `answered`: `body` is JSON. `invalid`: `problem` is a clause. `too-many`: the key asks too often. `unavailable`: the
 * database is unavailable, or stores no usage; `problem` is a clause.
 */
export type KeyAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'invalid'; readonly param: string; readonly problem: string }
  | { readonly kind: 'too-many'; readonly retryAfterSeconds: number }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'unavailable'; readonly problem: string };

/** Answers key holders' questions. Never rejects. */
export type KeyUse = (question: KeyQuestion) => Promise<KeyAnswer>;

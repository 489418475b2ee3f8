/** How a provider failed, in the hub. `errors.ts` reads and writes them. */
export type ErrorKind =
  | 'invalid'
  | 'context_length'
  | 'content_policy'
  | 'auth'
  | 'billing'
  | 'permission'
  | 'not_found'
  | 'too_large'
  | 'rate_limit'
  | 'server'
  | 'overloaded'
  | 'timeout'
  /** A status that the table does not know: it passes, with the type `api_error`. */
  | 'other'
  /** The gateway's own: an answer that broke or could not be read. `code` says which (`upstream_truncated`, `upstream_invalid`). */
  | 'upstream';

export interface HubError {
  readonly kind: ErrorKind;
  /** The provider's HTTP status; undefined for an error that came in a stream or in an answer of status 200. */
  readonly status?: number | undefined;
  /** For people, secrets not yet masked. */
  readonly message: string;
  /** The gateway's own code, with kind `upstream`. */
  readonly code?: string | undefined;
  /** The value of `retry-after`: seconds, or a date as the provider wrote it. */
  readonly retryAfter?: string | undefined;
}

/** The provider's bytes ended before its own last word. */
export function truncated(): HubError {
  return {
    kind: 'upstream',
    code: 'upstream_truncated',
    message: 'The provider ended the answer before it was complete.',
  };
}

/** The provider's answer is not what its API says. */
export function unreadable(why: string): HubError {
  return {
    kind: 'upstream',
    code: 'upstream_invalid',
    message: `The provider's answer could not be read: ${why}.`,
  };
}

/** How a provider failed, in the hub's terms. `errors.ts` reads and writes these kinds. */
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
  /** A status that the table does not contain. It passes through with the type `api_error`. */
  | 'other'
  /**
   * The gateway's own error: an answer that broke or was unreadable. `code` says which (`upstream_truncated`,
   * `upstream_invalid`).
   */
  | 'upstream';

export interface HubError {
  readonly kind: ErrorKind;
  /** The provider's HTTP status; undefined for an error in a stream or in an answer of status 200. */
  readonly status?: number | undefined;
  /** A message for people. Secrets are not redacted yet. */
  readonly message: string;
  /** The gateway's own code, set if the kind is `upstream`. */
  readonly code?: string | undefined;
  /** The value of `retry-after`: seconds, or a date as the provider wrote it. */
  readonly retryAfter?: string | undefined;
}

/** The provider's bytes ended before its final event. */
export function truncated(): HubError {
  return {
    kind: 'upstream',
    code: 'upstream_truncated',
    message: 'The provider ended the answer before it was complete.',
  };
}

/** The provider's answer does not conform to its API. */
export function unreadable(why: string): HubError {
  return {
    kind: 'upstream',
    code: 'upstream_invalid',
    message: `The provider's answer could not be read: ${why}.`,
  };
}

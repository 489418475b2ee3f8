import type { Route } from './route.ts';

/**
 * How one attempt ended.
 *
 * `answered` and `rejected` are delivered: another route would not do better. A `failed`, `rate-limited`,
 * `unreachable` or `timed-out` attempt may be routed around, as long as nothing of it has reached the client.
 * `cancelled` says that the client left: it is nobody's failure. `unsuitable` says that the provider's API can't carry what the
 * request means: nothing was sent, and another route may be able to.
 */
export type Outcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'rejected'; readonly status: number }
  | { readonly kind: 'rate-limited'; readonly status: number; readonly retryAfterMs: number | undefined }
  | {
      readonly kind: 'failed';
      readonly status: number;
      /** What was wrong, where the status alone does not say it. */
      readonly defect: Defect | undefined;
      readonly retryAfterMs: number | undefined;
      /** Whether the request is to blame and not the provider: then nothing cools down. */
      readonly fault: 'provider' | 'client';
    }
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason }
  | { readonly kind: 'timed-out'; readonly phase: 'connect' | 'first-byte' | 'thinking' | 'idle' | 'request' }
  | { readonly kind: 'unsuitable'; readonly loss: Unsuitable }
  | { readonly kind: 'cancelled' };

/** What a route can't carry. */
export interface Unsuitable {
  /** Of the request's body: `messages[2].content[1]`. */
  readonly path: string;
  readonly why: string;
  /** Whether the body is not even what its own API says. */
  readonly isInvalid: boolean;
}

/** The attempts for which something was sent. */
export function sentOf(history: readonly Attempt[]): readonly Attempt[] {
  return history.some(isUnsuitable) ? history.filter((attempt) => !isUnsuitable(attempt)) : history;
}

function isUnsuitable({ outcome }: Attempt): boolean {
  return outcome.kind === 'unsuitable';
}

/** Whether the request is to blame, and not the provider. */
export function isClientFault(outcome: Outcome): boolean {
  return outcome.kind === 'rejected' || (outcome.kind === 'failed' && outcome.fault === 'client');
}

/** Why an answer with a status of 200 was none. */
export type Defect =
  | 'error-object'
  | 'empty'
  | 'html'
  | 'no-choices'
  | 'truncated'
  | 'malformed'
  | 'error-event'
  | 'no-content'
  | 'redirect'
  | 'pattern';

/** `forbidden`: the provider's name resolves to a link-local or metadata address. */
export type UnreachableReason =
  | 'dns'
  | 'forbidden'
  | 'refused'
  | 'tls'
  | 'reset'
  | 'closed'
  | 'protocol'
  | 'network';

/** Why a route is tried: chosen first, again after a pause, as a fallback (L1, L2), or for want of anything else. */
export type Reason = 'first' | 'retry' | 'fallback-route' | 'fallback-model' | 'last-resort';

/** One try of one route. The list of them is the whole memory of a request. */
export interface Attempt {
  readonly route: Route;
  readonly reason: Reason;
  /** The endpoint that was asked, one of few; undefined: faults of an endpoint count for the whole route. */
  readonly endpoint?: string | undefined;
  /** Whether it is the one request that tries a route whose cooldown has ended. */
  readonly isProbe: boolean;
  /** The model under which the route was found: the requested one, or a fallback. */
  readonly model: string;
  readonly outcome: Outcome;
  /** Whether the provider was sent the request twice, because it had closed the connection of the first time already. */
  readonly isResent?: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

import type { Route } from './route.ts';

/**
 * The result of one attempt.
 *
 * `answered` and `rejected` are delivered, since no other route would do better. After `failed`, `rate-limited`,
 * `unreachable` or `timed-out` another route may be tried, as long as the client has received nothing. `cancelled`
 * means that the client left, which is not a failure of the provider. `unsuitable`
 * means that the provider's API cannot carry what the request says: nothing was sent, and another route may be able to.
 */
export type Outcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'rejected'; readonly status: number }
  | { readonly kind: 'rate-limited'; readonly status: number; readonly retryAfterMs: number | undefined }
  | {
      readonly kind: 'failed';
      readonly status: number;
      /** The defect, if the status alone does not show it. */
      readonly defect: Defect | undefined;
      readonly retryAfterMs: number | undefined;
      /** Whether the request is to blame rather than the provider: then nothing cools down. */
      readonly fault: 'provider' | 'client';
    }
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason }
  | { readonly kind: 'timed-out'; readonly phase: 'connect' | 'first-byte' | 'thinking' | 'idle' | 'request' }
  | { readonly kind: 'unsuitable'; readonly loss: Unsuitable }
  | { readonly kind: 'cancelled' };

/** The parts of a request that a route cannot carry. */
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

/** Whether the request is to blame rather than the provider. */
export function isClientFault(outcome: Outcome): boolean {
  return outcome.kind === 'rejected' || (outcome.kind === 'failed' && outcome.fault === 'client');
}

/** Why a response with status 200 is not an answer. */
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

/** `credential`: its token endpoint gives no token. `forbidden`: the provider's name resolves to a link-local or metadata address. */
export type UnreachableReason =
  | 'dns'
  | 'credential'
  | 'forbidden'
  | 'refused'
  | 'tls'
  | 'reset'
  | 'closed'
  | 'protocol'
  | 'network';

/**
 * Why a route is tried: as the first one, as a retry after a pause, as a fallback (L1, L2), or for lack of
 * alternatives.
 */
export type Reason = 'first' | 'retry' | 'fallback-route' | 'fallback-model' | 'last-resort';

/** One try of one route. The list of attempts is the whole memory of a request. */
export interface Attempt {
  readonly route: Route;
  readonly reason: Reason;
  /** The endpoint, from a small set; undefined: its faults count for the whole route. */
  readonly endpoint?: string | undefined;
  /** Whether this request probes a route whose cooldown has ended. */
  readonly isProbe: boolean;
  /** The model that the route belongs to: the requested one, or a fallback. */
  readonly model: string;
  readonly outcome: Outcome;
  /** Whether the request was sent twice because the provider had already closed the first connection. */
  readonly isResent?: boolean;
  /** Whether the provider had begun to answer when the client left. */
  readonly hasBegun?: boolean;
  readonly startedAtMs: number;
  /** How long the TCP connect took in milliseconds; undefined if it took a used connection, or if unknown. */
  readonly connectMs?: number | undefined;
  /** When the head of the reply was there; undefined: there was none. */
  readonly headAtMs?: number | undefined;
  readonly endedAtMs: number;
}

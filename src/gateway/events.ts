import type { Usage } from '../protocols/protocol.ts';
import type { Attempt } from '../routing/outcome.ts';

/**
 * Everything that the gateway has to tell. Metrics, logs and traces are made of these and of nothing else.
 * Times are milliseconds of the gateway's clock.
 */
export type GatewayEvent =
  | RequestReceived
  | AttemptEnded
  | RouteCooled
  | RequestEnded
  | ConfigurationAccepted
  | ConfigurationRefused
  | Bug;

/** A request has passed the door: it has a key, a place in the limits, and a model. */
export interface RequestReceived {
  readonly type: 'request-received';
  readonly requestId: string;
  readonly model: string;
  readonly clientAddress: string;
}

export interface AttemptEnded {
  readonly type: 'attempt-ended';
  readonly requestId: string;
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
}

export interface RouteCooled {
  readonly type: 'route-cooled';
  readonly requestId: string;
  readonly routeId: string;
  readonly provider: string;
  readonly forMs: number;
}

/**
 * How a request ended, told once for each, refused ones included. `truncated`: the provider's stream broke off
 * after content had been sent. `client-left`: the client closed before its answer was whole.
 */
export interface RequestEnded {
  readonly type: 'request-ended';
  readonly requestId: string;
  readonly ending: Ending;
  readonly method: string;
  /** The route pattern, never what a client wrote. */
  readonly endpoint: string;
  /** The model asked for, if it is one that is served. */
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly keyName: string | undefined;
  readonly status: number;
  /** The code of a refusal of our own. */
  readonly code: string | undefined;
  readonly history: readonly Attempt[];
  /** The tokens that it used; undefined where nothing was answered, or nothing that is made of tokens. */
  readonly usage: Usage | undefined;
  /** Whether the provider said nothing of tokens, or did not come to it, and they were counted here. */
  readonly isUsageEstimated: boolean;
  readonly startedAtMs: number;
  /** When the first byte of the answer was there; undefined when there was none. */
  readonly firstByteAtMs: number | undefined;
  readonly endedAtMs: number;
}

export type Ending = 'complete' | 'refused' | 'failed' | 'truncated' | 'client-left';

export interface ConfigurationAccepted {
  readonly type: 'configuration-accepted';
  readonly version: number;
  readonly warnings: readonly string[];
}

export interface ConfigurationRefused {
  readonly type: 'configuration-refused';
  readonly problems: readonly string[];
}

/** Something was thrown that is no refusal. */
export interface Bug {
  readonly type: 'bug';
  readonly requestId: string | undefined;
  readonly error: unknown;
}

import type { Provider, Snapshot } from '../../config/snapshot.ts';
import type { ForgottenAnswers } from '../../gateway/cache/stored-answer.ts';
import type { Clock, Traffic } from '../../gateway/ports.ts';
import type { Availability } from '../../routing/decide.ts';
import type { Activity } from '../live/activity.ts';

/** The gateway that the Admin API belongs to, in one process or several. */
export interface RunningGateway {
  /** The address of its API without a path. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly snapshot: () => Snapshot;
  readonly clock: Pick<Clock, 'nowMs' | 'epochMs'>;
  readonly routes: RouteControls;
  readonly traffic: Pick<Traffic, 'inFlight' | 'latencyMs' | 'averageMs'>;
  /** The last errors of the providers, without addresses or secrets. */
  readonly providerErrors: () => Promise<readonly ProviderError[]>;
  /** Calls the listener with the activity of all processes, until the returned function is called. */
  readonly watch: (listener: (activity: Activity) => void) => () => void;
  /** Asks a provider for its list of models, or one of its models for one token. Never rejects. */
  readonly test: (question: TestQuestion) => Promise<TestResult>;
  /** Headers and bodies of a request, if this machine recorded them, with masked secrets. */
  readonly recorded: (question: RecordedQuestion) => Promise<Recorded | undefined>;
  /** Forgets cached answers in all processes. Returns how many there were; `away`: those that gateways share are still there. */
  readonly forgetAnswers: (forgotten: ForgottenAnswers) => Promise<number | 'away'>;
  /** Counts requests in all processes since the start, by what the response cache did with them. */
  readonly cacheUse: () => Promise<CacheUse>;
}

/** Numbers of requests. */
export interface CacheUse {
  readonly hits: number;
  /** They got the answer of an identical request under way. */
  readonly joined: number;
  readonly misses: number;
  readonly bypassed: number;
}

export interface RecordedQuestion {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
}

/** A request and its answer as text. */
export interface Recorded {
  readonly request: RecordedMessage;
  readonly answer: RecordedMessage;
  readonly log: string;
}

export interface RecordedMessage {
  /** Method and path, or the status. */
  readonly title: string;
  /** One field per line. */
  readonly headers: string;
  readonly body: string;
}

/** The states of routes, which all processes share. See `CooldownLedger`. */
export interface RouteControls {
  readonly availability: (routeId: string, nowMs: number, endpoint?: string) => Availability;
  readonly allAvailable: () => boolean;
  readonly drain: (routeId: string) => void;
  readonly resume: (routeId: string) => void;
  readonly clear: (routeId: string, endpoints: readonly string[]) => void;
}

export interface ProviderError {
  readonly provider: string;
  readonly lastError: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastErrorAtMs: number | undefined;
}

export interface TestQuestion {
  /** The name of an enabled provider, or one that is not in force. */
  readonly provider: string | Provider;
  /** The model to ask for one token; undefined: ask for the list of models. */
  readonly model: string | undefined;
}

export interface TestResult {
  /** The error without address or secret; undefined: success. */
  readonly error: string | undefined;
  readonly latencyMs: number;
  /** The provider's models, if they were requested and its answer has them. */
  readonly models: readonly string[];
}

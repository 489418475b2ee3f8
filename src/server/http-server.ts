import type { WholeClientAnswer } from '../gateway/client-answer.ts';
import type { ServerSettings } from '../config/snapshot.ts';
import type { KeyUse } from '../gateway/key-use.ts';
import type { DatabaseStatus } from '../gateway/ports.ts';
import type { UpstreamSockets } from '../gateway/web-socket/ports.ts';
import type { HealthReporter } from '../health/report.ts';
import type { ModelCatalogue } from '../models/model-catalogue.ts';
import type { BodyBudget } from './body-budget.ts';
import type { AdminEndpoint } from './admin-port.ts';
import type { HandedOverPeers } from './lean/handed-over.ts';
import type { MetricsPage } from './metrics-endpoint.ts';
import type { PlainRequest } from './plain-endpoints.ts';
import type { ConsoleEndpoint, DocsEndpoint, ListenerPart } from './server-state.ts';

/** The listening server. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** The address of the Admin API and the console, if they have a listener of their own. */
  readonly adminUrl?: string;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  /** Ends WebSockets that another configuration does not allow. */
  readonly recheck: () => void;
  /** Makes `/readyz` answer 503; everything else goes on. */
  readonly announce: () => void;
  /**
   * Refuses new connections and makes `/readyz` answer 503; requests in flight go on. Resolves when the idle
   * connections were closed, which is once none of them was used for `unusedMs`.
   */
  readonly drain: (unusedMs?: number) => Promise<void>;
  /** Ends what is left. */
  readonly stop: () => Promise<void>;
}

/** The runtime's server, also behind another one that takes the clients' connections. */
export interface RuntimeServer extends HttpServer {
  /** See `plainEndpoint`. */
  readonly answerOwn: (request: PlainRequest) => WholeClientAnswer | undefined;
  /** Ends each connection after its next answer, which says so. `drain` does the same, and refuses new connections. */
  readonly retire: () => void;
}

/**
 * The address and the parts of a listener. The server reads everything else from the gateway's snapshot, for each
 * request.
 */
export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerSettings['tls'];
  readonly version: string;
  /** The part that this listener answers. If omitted, it answers everything. */
  readonly part?: ListenerPart;
  /** Answers paths below `/admin`; undefined: there are none. */
  readonly admin?: AdminEndpoint | undefined;
  readonly docs: DocsEndpoint;
  /** undefined: the console is not on this listener. */
  readonly console?: ConsoleEndpoint | undefined;
  /** The state of the database; undefined, also as a result: there is none. */
  readonly database?: (() => DatabaseStatus | undefined) | undefined;
  /** undefined: `/metrics` is not served here. */
  readonly metrics?: MetricsPage | undefined;
  readonly reportHealth: HealthReporter;
  /** Answers keys' holders about their use. If omitted, use is not stored. */
  readonly keyUse?: KeyUse | undefined;
  readonly catalogue: ModelCatalogue;
  readonly sockets: UpstreamSockets;
  /** Whether other processes listen on the same port, with the system distributing the connections. */
  readonly isShared: boolean;
  /** Set if another server takes the clients' connections and hands some over. */
  readonly handedOver?: HandedOverPeers;
  /** The memory budget for incomplete bodies, if it is shared with that server. */
  readonly bodies?: BodyBudget;
}

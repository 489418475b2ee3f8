import type { KeyUse } from '../gateway/key-use.ts';
import type { AdminEndpoint } from './admin-port.ts';
import type { DatabaseStatus, Gateway } from '../gateway/ports.ts';
import type { DetailedHealth } from '../health/report.ts';
import type { BodyBudget } from './body-budget.ts';
import type { ModelCatalogue } from '../models/model-catalogue.ts';
import type { HandedOverPeers } from './lean/handed-over.ts';
import type { WebSockets } from './web-sockets.ts';
import type { MetricsPage } from './metrics-endpoint.ts';

/** The page about the API from the server's view. Returns undefined for an unknown path. */
export type DocsEndpoint = (request: Request, path: string) => Promise<Response | undefined>;

/** Everything; all but the Admin API and the console; or these, with what their pages need. */
export type ListenerPart = 'all' | 'api' | 'admin';

/** The console from the server's view: answers its path and everything below. */
export type ConsoleEndpoint = (request: Request, path: string) => Promise<Response>;

/** The state of the server that its endpoints need. */
export interface ServerState {
  readonly gateway: Gateway;
  readonly version: string;
  readonly metrics: MetricsPage | undefined;
  /** The state of the database; undefined: there is none. */
  readonly database: () => DatabaseStatus | undefined;
  readonly detailedHealth: DetailedHealth;
  readonly docs: DocsEndpoint;
  /** undefined: the console is not on this listener. */
  readonly console: ConsoleEndpoint | undefined;
  /** undefined: there is no Admin API, without which the console is of no use. */
  readonly admin: AdminEndpoint | undefined;
  /** The use of keys; undefined if it is not stored. */
  readonly keyUse: KeyUse | undefined;
  readonly part: ListenerPart;
  readonly catalogue: ModelCatalogue;
  readonly webSockets: WebSockets;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The clients whose connections another server handed over; undefined: clients connect to this one. */
  readonly handedOver: HandedOverPeers | undefined;
  /** The memory budget for incomplete request bodies. */
  readonly bodies: BodyBudget;
  /**
   * `leaving`: it still listens, but `/readyz` tells load balancers to go elsewhere. `draining`: it no longer listens.
   */
  phase: 'serving' | 'leaving' | 'draining';
}

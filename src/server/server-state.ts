import type { DatabaseStatus, Gateway } from '../gateway/ports.ts';
import type { DetailedHealth } from '../health/report.ts';
import type { BodyBudget } from './body-budget.ts';
import type { ModelCatalogue } from '../models/model-catalogue.ts';
import type { WebSockets } from './web-sockets.ts';
import type { MetricsPage } from './metrics-endpoint.ts';

/** The page about the API, as the server knows it. Answers undefined to a path where it has nothing. */
export type DocsEndpoint = (request: Request, path: string) => Promise<Response | undefined>;

/** What the endpoints know of the server that they run in. */
export interface ServerState {
  readonly gateway: Gateway;
  readonly version: string;
  readonly metrics: MetricsPage | undefined;
  /** How the database is doing; undefined: there is none. */
  readonly database: () => DatabaseStatus | undefined;
  readonly detailedHealth: DetailedHealth;
  readonly docs: DocsEndpoint;
  readonly catalogue: ModelCatalogue;
  readonly webSockets: WebSockets;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** What request bodies may hold that are not complete. */
  readonly bodies: BodyBudget;
  /** `leaving`: it still listens, and `/readyz` tells load balancers to look elsewhere. `draining`: it listens no more. */
  phase: 'serving' | 'leaving' | 'draining';
}

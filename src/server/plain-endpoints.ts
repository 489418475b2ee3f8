import type { WholeClientAnswer } from '../gateway/client-answer.ts';
import { Refusal } from '../gateway/refusals.ts';
import { health } from '../health/endpoints.ts';
import { withKeyHint } from './key-hint.ts';
import { getModel, listModels, type ModelRequest } from './models-endpoint.ts';
import type { ServerState } from './server-state.ts';

/** A request to one of the endpoints whose answers depend on nothing but the head. */
export interface PlainRequest extends ModelRequest {
  readonly method: string;
}

/** Whether a path, as `apiPath` returns it, is the gateway's own whatever the method. */
export function isOwnPath(path: string): boolean {
  return OWN_PATHS.has(path);
}

const OWN_PATHS: ReadonlySet<string> = new Set([
  '/health',
  '/healthz',
  '/readyz',
  '/v1/models',
  '/models',
  '/v1beta/models',
]);

/**
 * Answers the health checks and the lists of models, alike on every server. Returns undefined for other paths.
 *
 * @throws Refusal
 */
export function plainEndpoint(request: PlainRequest, state: ServerState): WholeClientAnswer | undefined {
  const { gateway, catalogue } = state;
  const { path } = request;
  switch (path) {
    case '/health':
    case '/healthz':
    case '/readyz':
      requireRead(request);
      return health(path, state);
    case '/v1/models':
    case '/models':
    case '/v1beta/models': {
      requireRead(request);
      const sources = { snapshot: gateway.snapshot(), catalogue, clock: gateway.clock };
      return withKeyHint(listModels(request, sources), request, sources);
    }
    default: {
      const id = MODEL.exec(path)?.[1];
      if (id === undefined || !isRead(request.method)) return undefined;
      const sources = { snapshot: gateway.snapshot(), catalogue, clock: gateway.clock };
      return getModel(decodeId(id), request, sources);
    }
  }
}

const MODEL = /^(?:\/v1(?:beta)?)?\/models\/(.+)$/;

function decodeId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** Throws unless the method only reads. */
export function requireRead({ method, path }: Pick<PlainRequest, 'method' | 'path'>): void {
  if (isRead(method)) return;
  throw new Refusal(
    'method_not_allowed',
    { path, method, allowed: 'GET' },
    { headers: { allow: 'GET, HEAD' } },
  );
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

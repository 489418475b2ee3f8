import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { asksForStream, protocolFor } from '../protocols/by-path.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { peekRequest, type RequestPeek } from '../protocols/request.ts';
import type { Model } from '../routing/route.ts';
import { routeId } from '../routing/route.ts';
import { Refusal } from './errors.ts';
import type { ClientRequest } from './ports.ts';

/** What the request comes to: the model that will serve it, and the body that each route makes its own. */
export interface Plan {
  readonly model: Model;
  readonly protocol: Protocol;
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  /** Whether the client asked for a stream of events: in the body, the path, or the query. */
  readonly isStream: boolean;
}

/** Names the provider or the model where the body names none: `GET /v1/files`, for example. */
const PROVIDER_HEADER = 'x-llm-proxy-provider';

/** Reads the body and finds the model that it names, which `key` must be allowed to use. */
export async function plan(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
): Promise<Plan> {
  const coding = request.headers.get('content-encoding');
  // The model in a compressed body could not be checked without decoding what a client may have made to explode.
  if (coding !== null && coding.toLowerCase() !== 'identity')
    throw new Refusal('coding_not_supported', { coding });
  const body = await request.readBody();
  const peek = peekRequest(body, request.headers.get('content-type') ?? '');
  if (peek.kind === 'malformed') {
    throw new Refusal('invalid_body', { problem: peek.message }, { param: peek.param });
  }
  // What a body says that is neither JSON nor a form can't be checked, and a restricted key's must be.
  if (peek.kind === 'other' && body.byteLength > 0 && key?.unrestricted === false) {
    throw new Refusal('model_not_allowed', { key: key.name, model: '(not readable)' });
  }
  const model =
    peek.model === undefined
      ? namedByHeader(request.headers, key, snapshot)
      : namedByBody(peek.model, key, snapshot);
  if (!isServed(model)) throw new Refusal('no_route', { model: model.name });
  const isStream = peek.stream || asksForStream(request.path, request.search);
  return { model, protocol: protocolFor(request.path), body, peek, isStream };
}

/** Whether a request for the model can be tried at all: it has a route, or a fallback that has one. */
export function isServed(model: Model): boolean {
  return model.routes.length > 0 || model.fallbacks.some(({ routes }) => routes.length > 0);
}

function namedByBody(name: string, key: MasterKey | undefined, snapshot: Snapshot): Model {
  const model = snapshot.findModel(name);
  // A key learns nothing about models outside its list, not even whether they exist.
  if (key !== undefined && !key.allows(name)) {
    throw new Refusal('model_not_allowed', { key: key.name, model: name }, { param: 'model' });
  }
  if (model === undefined) throw new Refusal('model_not_found', { model: name }, { param: 'model' });
  return model;
}

/** A provider reached by its own name serves whatever the path says, so only an unrestricted key may ask for it. */
function namedByHeader(headers: Headers, key: MasterKey | undefined, snapshot: Snapshot): Model {
  const name = headers.get(PROVIDER_HEADER);
  if (name === null || name === '') throw new Refusal('missing_model', {}, { param: 'model' });
  if (key?.unrestricted === false) return namedByBody(name, key, snapshot);
  if (!snapshot.providers.has(name)) {
    if (snapshot.findModel(name) === undefined) throw new Refusal('provider_not_found', { provider: name });
    return namedByBody(name, key, snapshot);
  }
  const route = {
    id: routeId(name, undefined),
    provider: name,
    upstreamModel: undefined,
    priority: 1,
    weight: 1,
  };
  return { name, routes: [route], strategy: 'round_robin', rotation: name, fallbacks: [], leftOut: [] };
}

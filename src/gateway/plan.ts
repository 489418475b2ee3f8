import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { asksForStream, protocolFor } from '../protocols/by-path.ts';
import { inTurns, SLICE_BYTES } from '../lib/in-turns.ts';
import type { Protocol } from '../protocols/protocol.ts';
import {
  insertModel,
  isTooLong,
  MAX_MODEL_BYTES,
  peekRequest,
  peekRequestInSlices,
  type RequestPeek,
} from '../protocols/request.ts';
import type { Model } from '../routing/route.ts';
import { routeId } from '../routing/route.ts';
import { plainBody } from './plain-body.ts';
import type { ClientRequest } from './ports.ts';
import { Refusal } from './refusals.ts';
import { soleProviderFor } from './sole-provider.ts';

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
  const contentType = request.headers.get('content-type') ?? '';
  const deployment = request.azure?.deployment;
  let body = await (coding === null
    ? request.readBody(key?.name)
    : plainBody(request, coding, { server: snapshot.server, keyName: key?.name }));
  let peek = body.length > SLICE_BYTES ? await peekLarge(body, contentType) : peekRequest(body, contentType);
  if (deployment !== undefined && peek.kind === 'json' && peek.model === undefined) {
    // Azure's clients may leave the model out of the body: it is put in, as any other provider wants to read it there.
    body = insertModel(body, deployment);
    peek = await peekLarge(body, contentType);
  }
  if (peek.kind === 'malformed') {
    throw new Refusal('invalid_body', { problem: peek.message }, { param: peek.param });
  }
  // What a body says that is neither JSON nor a form can't be checked, and a restricted key's must be.
  if (peek.kind === 'other' && body.byteLength > 0 && key?.unrestricted === false) {
    throw new Refusal('model_not_allowed', { key: key.name, model: '(not readable)' });
  }
  const name = peek.model ?? deployment;
  if (name !== undefined) requireShort(name, 'The name of the model');
  const model =
    name === undefined ? namedOtherwise(request, key, snapshot) : namedByBody(name, key, snapshot);
  if (!isServed(model)) throw new Refusal('no_route', { model: model.name });
  const isStream = peek.stream || asksForStream(request.path, request.search);
  return { model, protocol: protocolFor(request.path), body, peek, isStream };
}

/** Other requests have their turns meanwhile. */
function peekLarge(body: Uint8Array, contentType: string): Promise<RequestPeek> {
  return inTurns(peekRequestInSlices(body, contentType, SLICE_BYTES));
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

function requireShort(name: string, what: string): void {
  if (!isTooLong(name)) return;
  const problem = `${what} is longer than ${MAX_MODEL_BYTES} bytes.`;
  throw new Refusal('invalid_body', { problem }, { param: 'model' });
}

/**
 * What a request without a model is for: what its header names, or the only provider that comes into question. A provider
 * that is reached by its own name serves whatever the path says, so only an unrestricted key may ask for it.
 */
function namedOtherwise(request: ClientRequest, key: MasterKey | undefined, snapshot: Snapshot): Model {
  const name = request.headers.get(PROVIDER_HEADER);
  if (name === null || name === '') {
    const sole = key?.unrestricted === false ? undefined : soleProviderFor(request, snapshot);
    if (sole === undefined) throw new Refusal('missing_model', {}, { param: 'model' });
    return providerAsModel(sole.name);
  }
  requireShort(name, `The name in ${PROVIDER_HEADER}`);
  if (key?.unrestricted === false) return namedByBody(name, key, snapshot);
  if (!snapshot.providers.has(name)) {
    if (snapshot.findModel(name) === undefined) throw new Refusal('provider_not_found', { provider: name });
    return namedByBody(name, key, snapshot);
  }
  return providerAsModel(name);
}

/** A model of one route, which leaves the body as it is. */
function providerAsModel(name: string): Model {
  const route = {
    id: routeId(name, undefined),
    provider: name,
    upstreamModel: undefined,
    priority: 1,
    weight: 1,
  };
  return { name, routes: [route], strategy: 'round_robin', rotation: name, fallbacks: [], leftOut: [] };
}

import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { protocolFor } from '../protocols/by-path.ts';
import { isTooLong, MAX_MODEL_BYTES } from '../protocols/request.ts';
import type { Model } from '../routing/route.ts';
import { routeId } from '../routing/route.ts';
import { type ObjectOwners, providerOfObject } from './objects/object-owners.ts';
import { isNonsense, modelAndVerb, subjectOf } from './objects/path-subject.ts';
import { providerOfOwn, type RestrictedRequest } from './objects/restricted-key.ts';
import { soleProviderFor } from './objects/sole-provider.ts';
import type { ClientRequest } from './ports.ts';
import type { ReadBody } from './read-request.ts';
import { Refusal } from './refusals.ts';
import { type ClientCall, clientCallOf } from './translated/client-call.ts';

/** A request, and what its plan depends on. */
export interface Asked {
  readonly request: ClientRequest;
  readonly key: MasterKey | undefined;
  readonly snapshot: Snapshot;
  readonly owners: ObjectOwners | undefined;
}

/** Names the provider or model if the body names none, as for `GET /v1/files`. */
const PROVIDER_HEADER = 'x-llm-proxy-provider';

/** Returns the model that the path or the body names. */
export function namedIn({ peek }: ReadBody, { request, key, snapshot }: Asked): Model | undefined {
  const inPath = modelInPathOf(request, callOf(request));
  return inPath === undefined
    ? namedInBody(peek.model ?? request.azure?.deployment, key, snapshot)
    : byPath(inPath, key, snapshot);
}

export function callOf(request: ClientRequest): ClientCall | undefined {
  return clientCallOf(request, protocolFor(request.path).name);
}

export function modelInPathOf({ path }: ClientRequest, call: ClientCall | undefined): string | undefined {
  return call?.api === 'gemini' ? modelAndVerb(path)?.model : undefined;
}

function namedInBody(
  name: string | undefined,
  key: MasterKey | undefined,
  snapshot: Snapshot,
): Model | undefined {
  if (name === undefined) return undefined;
  requireShort(name, 'The name of the model');
  return namedByBody(name, key, snapshot);
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

/**
 * Returns the model in a Gemini path; undefined if no configured model has this name, in which case an unrestricted
 * key may still ask a provider for it.
 */
function byPath(name: string, key: MasterKey | undefined, snapshot: Snapshot): Model | undefined {
  requireShort(name, 'The name of the model');
  const isOpen = key === undefined || key.unrestricted;
  return isOpen ? snapshot.findModel(name) : namedByBody(name, key, snapshot);
}

function requireShort(name: string, what: string): void {
  if (!isTooLong(name)) return;
  const problem = `${what} is longer than ${MAX_MODEL_BYTES} bytes.`;
  throw new Refusal('invalid_body', { problem }, { param: 'model' });
}

/**
 * Chooses the target of an unrestricted key's request without a model: the provider or model in the header, the
 * provider that stores the object in the path, or the only candidate.
 */
export async function namedOtherwise({ request, key, snapshot, owners }: Asked): Promise<Model> {
  const name = request.headers.get(PROVIDER_HEADER);
  if (name === null || name === '') {
    const subject = subjectOf(request.method, request.path);
    const maker = subject.kind === 'object' ? await owners?.find(subject.id) : undefined;
    const provider = (maker && providerOfObject(maker, snapshot)) ?? soleProviderFor(request, snapshot)?.name;
    if (provider !== undefined) return providerAsModel(provider);
    if (subject.kind === 'other' && isNonsense(request.path))
      throw new Refusal('path_not_found', { path: request.path });
    throw new Refusal('missing_model', {}, { param: 'model' });
  }
  requireShort(name, `The name in ${PROVIDER_HEADER}`);
  if (!snapshot.providers.has(name)) {
    if (snapshot.findModel(name) === undefined) throw new Refusal('provider_not_found', { provider: name });
    return namedByBody(name, key, snapshot);
  }
  return providerAsModel(name);
}

/**
 * Chooses the target of a restricted key's request. Providers serve whatever the path says, so the header may only
 * name a model, and only selects the provider for a new object.
 */
export async function modelFor(restricted: RestrictedRequest, named: Model | undefined): Promise<Model> {
  const { key, subject, snapshot } = restricted;
  switch (subject.kind) {
    case 'object':
      return providerAsModel(await providerOfOwn(subject.id, restricted));
    case 'new-object':
      return named ?? byModelInHeader(restricted);
    case 'model-in-path':
      return named ?? namedByBody(subject.model, key, snapshot);
    case 'model-in-body':
    case 'other':
      if (named !== undefined) return named;
      throw new Refusal('missing_model', {}, { param: 'model' });
  }
}

/**
 * Returns the model in the header. Without the header, returns the provider of the key's models if they share one.
 */
function byModelInHeader({ request, key, snapshot }: RestrictedRequest): Model {
  const name = request.headers.get(PROVIDER_HEADER);
  if (name !== null && name !== '') return namedByBody(name, key, snapshot);
  const routes = [...snapshot.models.values()]
    .filter((model) => key.allows(model.name))
    .flatMap((model) => model.routes);
  const [only, ...others] = new Set(routes.map(({ provider }) => provider));
  if (only !== undefined && others.length === 0) return providerAsModel(only);
  throw new Refusal('missing_model', {}, { param: 'model' });
}

/** Creates a model with a single route, which leaves the body unchanged. */
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

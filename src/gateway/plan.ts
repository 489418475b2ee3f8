import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { asksForStream, protocolFor } from '../protocols/by-path.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../lib/in-turns.ts';
import type { Protocol } from '../protocols/protocol.ts';
import {
  insertModel,
  isTooLong,
  MAX_MODEL_BYTES,
  MEMBERS_WITH_END_USER,
  peekRequest,
  peekRequestInSlices,
  type RequestPeek,
} from '../protocols/request.ts';
import type { Model } from '../routing/route.ts';
import { routeId } from '../routing/route.ts';
import { type ClientCall, clientCallOf } from './translated/client-call.ts';
import { LazyConversation } from './translated/lazy-conversation.ts';
import { plainBody } from './body/plain-body.ts';
import { seeksEndUser } from './attribution.ts';
import type { ClientRequest } from './ports.ts';
import { type ObjectOwners, providerOfObject } from './objects/object-owners.ts';
import { isNonsense, modelAndVerb, subjectOf } from './objects/path-subject.ts';
import { Refusal } from './refusals.ts';
import { providerOfOwn, requireBody, requirePath, type RestrictedRequest } from './objects/restricted-key.ts';
import { soleProviderFor } from './objects/sole-provider.ts';
import { mayStick, withMakerFirst } from './objects/sticky-route.ts';

/** The plan for a request: the model that serves it, and the body from which each route derives its own. */
export interface Plan {
  readonly model: Model;
  /** The client's API. A translated attempt also has the provider's. */
  readonly clientProtocol: Protocol;
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  /** Whether the client asked for an event stream in the body, path or query. */
  readonly isStream: boolean;
  /** The call, if it belongs to an API that can be translated; undefined if the request is only passed through. */
  readonly call: ClientCall | undefined;
  /** The percent-decoded model in a Gemini path. */
  readonly modelInPath: string | undefined;
  /** The request in the common model of all APIs, for translated attempts; undefined if `call` is. */
  readonly conversation: LazyConversation | undefined;
}

/** Names the provider or model if the body names none, as for `GET /v1/files`. */
const PROVIDER_HEADER = 'x-llm-proxy-provider';

/** Reads the body and finds its model, which `key` must be allowed to use. */
export async function plan(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
  owners?: ObjectOwners,
): Promise<Plan> {
  const restricted = restrictedRequest(request, key, { snapshot, owners });
  if (restricted !== undefined) requirePath(restricted);
  const reading = readRequest(request, key, snapshot);
  const { body, peek } = reading instanceof Promise ? await reading : reading;
  if (restricted !== undefined) await requireBody(restricted, body, peek);
  const clientProtocol = protocolFor(request.path);
  const call = clientCallOf(request, clientProtocol.name);
  const modelInPath = call?.api === 'gemini' ? modelAndVerb(request.path)?.model : undefined;
  const named =
    modelInPath === undefined
      ? namedInBody(peek.model ?? request.azure?.deployment, key, snapshot)
      : byPath(modelInPath, key, snapshot);
  const model =
    restricted === undefined
      ? (named ?? (await namedOtherwise(request, key, { snapshot, owners })))
      : await modelFor(restricted, named);
  if (!isServed(model)) throw new Refusal('no_route', { model: model.name });
  const isStream = peek.stream || asksForStream(request.path, request.search);
  const routed = mayStick(model, clientProtocol.name, body)
    ? await withMakerFirst(model, body, owners)
    : model;
  const conversation = call && new LazyConversation(body, request.path + request.search);
  return { model: routed, clientProtocol, call, modelInPath, body, peek, isStream, conversation };
}

/** Reads the body and the facts about it. Returns a promise only if it has to wait. */
function readRequest(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
): ReadBody | Promise<ReadBody> {
  const members = membersFor(key, snapshot);
  const arriving = receivedBody(request, key, snapshot);
  return arriving instanceof Promise
    ? arriving.then((body) => readModel(body, request, members))
    : readModel(arriving, request, members);
}

/** Reads the body and decompresses it. */
function receivedBody(
  request: ClientRequest,
  key: MasterKey | undefined,
  { server }: Snapshot,
): Uint8Array | Promise<Uint8Array> {
  const coding = request.headers.get('content-encoding');
  return coding === null
    ? request.readBody(key?.name)
    : plainBody(request, coding, { server, keyName: key?.name });
}

function membersFor(key: MasterKey | undefined, snapshot: Snapshot): readonly string[] | undefined {
  return seeksEndUser(key, snapshot) ? MEMBERS_WITH_END_USER : undefined;
}

interface ReadBody {
  readonly body: Uint8Array;
  readonly peek: Exclude<RequestPeek, { kind: 'malformed' }>;
}

/** Extracts the facts about a body. Returns a promise only if it is large, or if its model is inserted. */
function readModel(
  body: Uint8Array,
  { headers, azure }: ClientRequest,
  members: readonly string[] | undefined,
): ReadBody | Promise<ReadBody> {
  const contentType = headers.get('content-type') ?? '';
  const read = (peek: RequestPeek): ReadBody | Promise<ReadBody> => {
    const missing = modelToInsert(peek, azure?.deployment);
    if (missing === undefined) return wellFormed(body, peek);
    const inserted = insertModel(body, missing);
    return peekLarge(inserted, contentType, members).then((facts) => wellFormed(inserted, facts));
  };
  return body.length > LARGE_BYTES
    ? peekLarge(body, contentType, members).then(read)
    : read(peekRequest(body, contentType, members));
}

function wellFormed(body: Uint8Array, peek: RequestPeek): ReadBody {
  if (peek.kind === 'malformed')
    throw new Refusal('invalid_body', { problem: peek.message }, { param: peek.param });
  return { body, peek };
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

/** Azure's clients may omit the model in the body. Other providers expect it there, so it is inserted. */
function modelToInsert(peek: RequestPeek, deployment: string | undefined): string | undefined {
  return peek.kind === 'json' && peek.model === undefined ? deployment : undefined;
}

interface Known {
  readonly snapshot: Snapshot;
  readonly owners: ObjectOwners | undefined;
}

/** Returns the request of a key with a model list; undefined if the key has none. */
function restrictedRequest(
  request: ClientRequest,
  key: MasterKey | undefined,
  known: Known,
): RestrictedRequest | undefined {
  if (key === undefined || key.unrestricted) return undefined;
  return { request, key, subject: subjectOf(request.method, request.path), ...known };
}

/** Yields to other requests between slices. */
function peekLarge(
  body: Uint8Array,
  contentType: string,
  members: readonly string[] | undefined,
): Promise<RequestPeek> {
  return inTurns(peekRequestInSlices(body, contentType, { sliceBytes: SLICE_BYTES, members }));
}

/** Whether the model has a route, or a fallback with one. */
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
async function namedOtherwise(
  request: ClientRequest,
  key: MasterKey | undefined,
  { snapshot, owners }: Known,
): Promise<Model> {
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
async function modelFor(restricted: RestrictedRequest, named: Model | undefined): Promise<Model> {
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

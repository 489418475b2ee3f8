import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { asksForStream, protocolFor } from '../protocols/by-path.ts';
import { inTurns, LARGE_BYTES, SLICE_BYTES } from '../lib/in-turns.ts';
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
import { type ClientCall, clientCallOf } from './translated/client-call.ts';
import { LazyConversation } from './translated/lazy-conversation.ts';
import { plainBody } from './body/plain-body.ts';
import type { ClientRequest } from './ports.ts';
import { type ObjectOwners, providerOfObject } from './objects/object-owners.ts';
import { isNonsense, modelAndVerb, subjectOf } from './objects/path-subject.ts';
import { Refusal } from './refusals.ts';
import { providerOfOwn, requireBody, requirePath, type RestrictedRequest } from './objects/restricted-key.ts';
import { soleProviderFor } from './objects/sole-provider.ts';
import { mayStick, withMakerFirst } from './objects/sticky-route.ts';

/** What the request comes to: the model that will serve it, and the body that each route makes its own. */
export interface Plan {
  readonly model: Model;
  /** How the client's API speaks. A translated attempt has its provider's beside it. */
  readonly clientProtocol: Protocol;
  readonly body: Uint8Array;
  readonly peek: RequestPeek;
  /** Whether the client asked for a stream of events: in the body, the path, or the query. */
  readonly isStream: boolean;
  /** What is asked of an API that can be translated; undefined: the request only passes. */
  readonly call: ClientCall | undefined;
  /** The model in the path of the Gemini API, percent-decoded. */
  readonly modelInPath: string | undefined;
  /** The request in the model of all APIs, for attempts that translate; undefined where there is no `call`. */
  readonly conversation: LazyConversation | undefined;
}

/** Names the provider or the model where the body names none: `GET /v1/files`, for example. */
const PROVIDER_HEADER = 'x-llm-proxy-provider';

/** Reads the body and finds the model that it names, which `key` must be allowed to use. */
export async function plan(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
  owners?: ObjectOwners,
): Promise<Plan> {
  const restricted = restrictedRequest(request, key, { snapshot, owners });
  if (restricted !== undefined) requirePath(restricted);
  const { body, peek } = await readBody(request, key, snapshot);
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

/** The body without its coding, and what of it has to be known. */
async function readBody(
  request: ClientRequest,
  key: MasterKey | undefined,
  { server }: Snapshot,
): Promise<{ readonly body: Uint8Array; readonly peek: Exclude<RequestPeek, { kind: 'malformed' }> }> {
  const coding = request.headers.get('content-encoding');
  const contentType = request.headers.get('content-type') ?? '';
  let body = await (coding === null
    ? request.readBody(key?.name)
    : plainBody(request, coding, { server, keyName: key?.name }));
  let peek = body.length > LARGE_BYTES ? await peekLarge(body, contentType) : peekRequest(body, contentType);
  const missing = modelToInsert(peek, request.azure?.deployment);
  if (missing !== undefined) {
    body = insertModel(body, missing);
    peek = await peekLarge(body, contentType);
  }
  if (peek.kind === 'malformed') {
    throw new Refusal('invalid_body', { problem: peek.message }, { param: peek.param });
  }
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

/** Azure's clients may leave the model out of the body: it is put in, as any other provider wants to read it there. */
function modelToInsert(peek: RequestPeek, deployment: string | undefined): string | undefined {
  return peek.kind === 'json' && peek.model === undefined ? deployment : undefined;
}

interface Known {
  readonly snapshot: Snapshot;
  readonly owners: ObjectOwners | undefined;
}

/** The request as one of a key with a list of models; undefined: its key has none. */
function restrictedRequest(
  request: ClientRequest,
  key: MasterKey | undefined,
  known: Known,
): RestrictedRequest | undefined {
  if (key === undefined || key.unrestricted) return undefined;
  return { request, key, subject: subjectOf(request.method, request.path), ...known };
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

/**
 * The model in the path of the Gemini API; undefined: no model of the configuration has this name, and a key that may use all may ask a
 * provider for it as before.
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
 * What a request without a model is for, where its key may use all: what its header names, the provider that made the object
 * of its path, or the only provider that comes into question.
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
 * Where the request of a key with a list of models goes. A provider serves whatever the path says, so the header may only
 * name a model, and only says of which model's provider something new is asked.
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

/** The model in the header; without it, the provider of the key's models, where all of them have the same. */
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

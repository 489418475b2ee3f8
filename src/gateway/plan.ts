import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { asksForStream, protocolFor } from '../protocols/by-path.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { RequestPeek } from '../protocols/request.ts';
import type { Model } from '../routing/route.ts';
import type { ObjectOwners } from './objects/object-owners.ts';
import { subjectOf } from './objects/path-subject.ts';
import { requireBody, requirePath, type RestrictedRequest } from './objects/restricted-key.ts';
import { mayStick, withMakerFirst } from './objects/sticky-route.ts';
import type { ClientRequest } from './ports.ts';
import { type ReadBody, readRequest } from './read-request.ts';
import { Refusal } from './refusals.ts';
import { type Asked, callOf, modelFor, modelInPathOf, namedIn, namedOtherwise } from './requested-model.ts';
import type { ClientCall } from './translated/client-call.ts';
import { LazyConversation } from './translated/lazy-conversation.ts';

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

/**
 * Reads the body and finds its model, which `key` must be allowed to use. Returns a promise only if it has to wait: for
 * the body, or for whom the request's object belongs to.
 */
export function plan(
  request: ClientRequest,
  key: MasterKey | undefined,
  snapshot: Snapshot,
  owners?: ObjectOwners,
): Plan | Promise<Plan> {
  const asked: Asked = { request, key, snapshot, owners };
  const restricted = restrictedRequest(asked);
  if (restricted !== undefined) requirePath(restricted);
  const reading = readRequest(request, key, snapshot);
  if (restricted !== undefined) return planRestricted(restricted, reading, asked);
  return reading instanceof Promise ? planLater(reading, asked) : planRead(reading, asked);
}

async function planRestricted(
  restricted: RestrictedRequest,
  reading: ReadBody | Promise<ReadBody>,
  asked: Asked,
): Promise<Plan> {
  const read = await reading;
  await requireBody(restricted, read.body, read.peek);
  return planFor(await modelFor(restricted, namedIn(read, asked)), read, asked);
}

async function planLater(reading: Promise<ReadBody>, asked: Asked): Promise<Plan> {
  return planRead(await reading, asked);
}

function planRead(read: ReadBody, asked: Asked): Plan | Promise<Plan> {
  const named = namedIn(read, asked);
  return named === undefined ? planOtherwise(read, asked) : planFor(named, read, asked);
}

async function planOtherwise(read: ReadBody, asked: Asked): Promise<Plan> {
  return planFor(await namedOtherwise(asked), read, asked);
}

function planFor(model: Model, read: ReadBody, { request, owners }: Asked): Plan | Promise<Plan> {
  if (!isServed(model)) throw new Refusal('no_route', { model: model.name });
  return mayStick(model, protocolFor(request.path).name, read.body)
    ? planStuck(model, read, request, owners)
    : planOf(model, read, request);
}

async function planStuck(
  model: Model,
  read: ReadBody,
  request: ClientRequest,
  owners: ObjectOwners | undefined,
): Promise<Plan> {
  return planOf(await withMakerFirst(model, read.body, owners), read, request);
}

function planOf(model: Model, { body, peek }: ReadBody, request: ClientRequest): Plan {
  const call = callOf(request);
  return {
    model,
    clientProtocol: protocolFor(request.path),
    call,
    modelInPath: modelInPathOf(request, call),
    body,
    peek,
    isStream: peek.stream || asksForStream(request.path, request.search),
    conversation: call && new LazyConversation(body, request.path + request.search),
  };
}

/** Returns the request of a key with a model list; undefined if the key has none. */
function restrictedRequest({ request, key, snapshot, owners }: Asked): RestrictedRequest | undefined {
  if (key === undefined || key.unrestricted) return undefined;
  return { request, key, subject: subjectOf(request.method, request.path), snapshot, owners };
}

/** Whether the model has a route, or a fallback with one. */
export function isServed(model: Model): boolean {
  return model.routes.length > 0 || model.fallbacks.some(({ routes }) => routes.length > 0);
}

import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { furtherModels, referencedIds } from '../../protocols/named-in-body.ts';
import type { RequestPeek } from '../../protocols/request.ts';
import { parameterOf } from '../credentials.ts';
import { type ObjectOwners, providerOfObject } from './object-owners.ts';
import type { PathSubject } from './path-subject.ts';
import type { ClientRequest } from '../ports.ts';
import { Refusal } from '../refusals.ts';

/** A request of a key with a model list. */
export interface RestrictedRequest {
  readonly key: MasterKey;
  readonly request: ClientRequest;
  readonly subject: PathSubject;
  readonly snapshot: Snapshot;
  readonly owners: ObjectOwners | undefined;
}

/**
 * Refuses paths that concern neither a model nor an object of the client: lists of all objects, batches (whose files
 * name models), administration. Decides by the path alone, before the body is read.
 */
export function requirePath({ key, request, subject }: RestrictedRequest): void {
  if (subject.kind === 'other') {
    throw new Refusal('path_not_allowed', { key: key.name, path: request.path });
  }
  if (subject.kind === 'model-in-path') requireModel(key, subject.model);
  const deployment = request.azure?.deployment;
  if (deployment !== undefined) requireModel(key, deployment);
  // Some servers read the model from the query.
  const inQuery = parameterOf(request.search, 'model');
  if (inQuery !== undefined) requireModel(key, inQuery);
}

/** Refuses a body that names another model that the key may not use, or an object of another key. */
export async function requireBody(
  { key, owners }: RestrictedRequest,
  body: Uint8Array,
  peek: RequestPeek,
): Promise<void> {
  // A body that is neither JSON nor a form cannot be checked.
  if (peek.kind === 'other' && body.byteLength > 0) requireModel(key, undefined);
  if (peek.kind === 'json') await requireNamedInBody({ key, owners }, body);
}

/** Refuses JSON that names another model that the key may not use, or an object of another key. */
export async function requireNamedInBody(
  { key, owners }: Pick<RestrictedRequest, 'key' | 'owners'>,
  body: Uint8Array,
): Promise<void> {
  for (const model of furtherModels(body)) requireModel(key, model);
  for (const id of referencedIds(body)) {
    const owner = await owners?.find(id);
    // An unknown object may have been created before a restart, and ids cannot be guessed.
    if (owner !== undefined && !owner.isKey(key)) throw new Refusal('object_not_found', { id });
  }
}

function requireModel(key: MasterKey, model: string | undefined): void {
  if (model !== undefined && key.allows(model)) return;
  throw new Refusal(
    'model_not_allowed',
    { key: key.name, model: model ?? '(not readable)' },
    { param: 'model' },
  );
}

/**
 * Returns the provider of an object that the key created. Throws a 404 refusal for any other object, whether or not
 * it exists.
 */
export async function providerOfOwn(
  id: string,
  { key, snapshot, owners }: RestrictedRequest,
): Promise<string> {
  const owner = await owners?.find(id);
  const provider = owner?.isKey(key) === true ? providerOfObject(owner, snapshot) : undefined;
  if (provider === undefined) throw new Refusal('object_not_found', { id });
  return provider;
}

import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import type { CredentialPlaces } from '../gateway/credentials.ts';
import { Refusal } from '../gateway/refusals.ts';
import { isServed } from '../gateway/plan.ts';
import type { Model } from '../routing/route.ts';

/** One entry of OpenAI's model list (https://platform.openai.com/docs/api-reference/models/object). */
interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970: when the configuration that has the model was loaded. */
  readonly created: number;
  readonly owned_by: string;
}

/** `GET /v1/models`: the models that the key may use, sorted by name. */
export function listModels(request: CredentialPlaces, snapshot: Snapshot): Response {
  const key = readerOf(request, snapshot);
  const data = [...snapshot.models.values()]
    .filter((model) => mayBeSeen(model, key))
    .map((model) => describe(model, snapshot))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return Response.json({ object: 'list', data });
}

/** `GET /v1/models/{id}`, where an id may contain slashes. Models that only a pattern serves are found as well. */
export function getModel(id: string, request: CredentialPlaces, snapshot: Snapshot): Response {
  const key = readerOf(request, snapshot);
  const model = snapshot.findModel(id);
  if (model === undefined || !mayBeSeen(model, key)) {
    throw new Refusal('model_not_found', { model: id }, { param: 'model' });
  }
  return Response.json(describe(model, snapshot));
}

/** The key that lists models; undefined where none is asked for. */
function readerOf(request: CredentialPlaces, { access }: Snapshot): MasterKey | undefined {
  return access.kind === 'keys' && access.publicModels ? undefined : authenticate(request, access);
}

function mayBeSeen(model: Model, key: MasterKey | undefined): boolean {
  return isServed(model) && (key === undefined || key.allows(model.name));
}

function describe(model: Model, snapshot: Snapshot): ModelObject {
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(snapshot.loadedAt.getTime() / 1000),
    owned_by: model.routes[0]?.provider ?? 'llm-proxy',
  };
}

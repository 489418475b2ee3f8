import type { Snapshot } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import { Refusal } from '../gateway/errors.ts';

/** One entry of OpenAI's model list (https://platform.openai.com/docs/api-reference/models/object). */
interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970: when the configuration that has the model was loaded. */
  readonly created: number;
  readonly owned_by: string;
}

/** `GET /v1/models`: the models that the key may use, sorted by name. */
export function listModels(headers: Headers, snapshot: Snapshot): Response {
  return Response.json({ object: 'list', data: visibleModels(headers, snapshot) });
}

/** `GET /v1/models/{id}`, where an id may contain slashes. */
export function getModel(id: string, headers: Headers, snapshot: Snapshot): Response {
  const model = visibleModels(headers, snapshot).find((candidate) => candidate.id === id);
  if (model === undefined) throw new Refusal('model_not_found', { model: id }, { param: 'model' });
  return Response.json(model);
}

function visibleModels(headers: Headers, snapshot: Snapshot): ModelObject[] {
  const { access } = snapshot;
  const isPublic = access.kind === 'keys' && access.publicModels;
  const key = isPublic ? undefined : authenticate(headers, access);
  return [...snapshot.models.values()]
    .filter((model) => model.routes.length > 0 && (key === undefined || key.allows(model.name)))
    .map((model) => ({
      id: model.name,
      object: 'model' as const,
      created: Math.floor(snapshot.loadedAt.getTime() / 1000),
      owned_by: model.routes[0]?.provider ?? 'llm-proxy',
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import { authenticate } from '../gateway/authenticate.ts';
import { jsonAnswer, type WholeClientAnswer } from '../gateway/client-answer.ts';
import type { CredentialPlaces } from '../gateway/credentials.ts';
import type { Clock } from '../gateway/ports.ts';
import { Refusal } from '../gateway/refusals.ts';
import type { ModelCatalogue } from '../models/model-catalogue.ts';
import { MODEL_SHAPES, type ModelShape } from '../models/shapes.ts';
import { errorShapeOf } from '../protocols/error-body.ts';

/** A request for the list or for one model. */
export interface ModelRequest extends CredentialPlaces {
  readonly path: string;
}

/** The sources of the list. */
export interface ModelSources {
  readonly snapshot: Snapshot;
  readonly catalogue: ModelCatalogue;
  readonly clock: Pick<Clock, 'epochMs'>;
}

/**
 * `GET /v1/models`: the models that the key may use, sorted by name, in the shape of the client's API. Without a key,
 * if that is allowed, only the models that the configuration names.
 */
export function listModels(
  request: ModelRequest,
  { snapshot, catalogue, clock }: ModelSources,
): WholeClientAnswer {
  const reader = readerOf(request, snapshot, clock);
  const models = catalogue.models().filter(({ id, isConfigured }) => {
    if (reader.kind === 'nobody') return isConfigured;
    return reader.key === undefined || reader.key.allows(id);
  });
  return jsonAnswer(shapeFor(request).list(models, new URLSearchParams(request.search)));
}

/** `GET /v1/models/{id}`, where an id may contain slashes. It also finds models that only a pattern serves. */
export function getModel(
  id: string,
  request: ModelRequest,
  { snapshot, catalogue, clock }: ModelSources,
): WholeClientAnswer {
  const reader = readerOf(request, snapshot, clock);
  const found = catalogue.model(id);
  const mayBeSeen = reader.kind === 'nobody' || reader.key === undefined || reader.key.allows(id);
  if (found === undefined || !mayBeSeen) {
    throw new Refusal('model_not_found', { model: id }, { param: 'model' });
  }
  return jsonAnswer(shapeFor(request).one(found));
}

/** The client that lists models. With `key` undefined the gateway is open, and all models are visible. */
type Reader = { readonly kind: 'key'; readonly key: MasterKey | undefined } | { readonly kind: 'nobody' };

function readerOf(request: ModelRequest, { access }: Snapshot, clock: ModelSources['clock']): Reader {
  try {
    return { kind: 'key', key: authenticate(request, access, clock) };
  } catch (error) {
    if (error instanceof Refusal && access.kind === 'keys' && access.publicModels) return { kind: 'nobody' };
    throw error;
  }
}

/** Google's clients may send their key in the query. */
function shapeFor({ path, headers, search }: ModelRequest): ModelShape {
  const shape = errorShapeOf(path, headers);
  return MODEL_SHAPES[shape === 'openai' && /[?&]key=/.test(search) ? 'gemini' : shape];
}

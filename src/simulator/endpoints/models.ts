import { type Answer, jsonAnswer } from '../answer.ts';
import { Refused } from '../api-error.ts';
import { type Call, CREATED } from '../call.ts';

const SHAPE = { dialect: 'openai' } as const;

/** GET models. */
export function answerModels(models: readonly string[]): Answer {
  return jsonAnswer({ object: 'list', data: models.map(modelOf) }, SHAPE);
}

/** GET models/{id}; the id may contain slashes. */
export function answerModel({ path }: Call, models: readonly string[]): Answer {
  const id = decodedId(path.slice(path.indexOf('/models/') + '/models/'.length));
  if (models.includes(id)) return jsonAnswer(modelOf(id), SHAPE);
  const message = `The model '${id}' does not exist.`;
  throw new Refused({
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message,
    param: 'model',
  });
}

function decodedId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function modelOf(id: string): unknown {
  return { id, object: 'model', created: CREATED, owned_by: 'mock' };
}

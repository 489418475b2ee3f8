import { type Answer, jsonAnswer } from '../answer.ts';
import { Refused } from '../api-error.ts';
import { type Call, CREATED } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { answerGeminiModels, geminiModel } from './gemini.ts';

const SHAPE = { dialect: 'openai' } as const;

/** GET models, in the shape of the provider whose client asks. */
export function answerModels(call: Call, models: readonly string[]): Answer {
  if (isGoogles(call)) return answerGeminiModels(models);
  if (call.headers['anthropic-version'] === undefined)
    return jsonAnswer({ object: 'list', data: models.map(modelOf) }, SHAPE);
  const page = { has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
  return jsonAnswer({ data: models.map(anthropicModel), ...page }, { dialect: 'anthropic' });
}

/** GET models/{id}; the id may contain slashes. */
export function answerModel(call: Call, models: readonly string[]): Answer {
  const { path } = call;
  const id = decodedId(path.slice(path.indexOf('/models/') + '/models/'.length));
  if (models.includes(id)) {
    if (isGoogles(call)) return jsonAnswer(geminiModel(id), { dialect: 'gemini' });
    const isAnthropics = call.headers['anthropic-version'] !== undefined;
    return jsonAnswer(isAnthropics ? anthropicModel(id) : modelOf(id), SHAPE);
  }
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

/** Whether the request is for Google's own list, which is below its beta version, unlike OpenAI's below `/openai`. */
function isGoogles({ path }: Call): boolean {
  return /\/v\d+(?:alpha|beta)\d*\/models(?:\/|$)/.test(path);
}

function anthropicModel(id: string): JsonObject {
  return { type: 'model', id, display_name: id, created_at: new Date(CREATED * 1000).toISOString() };
}

import type { Answer } from './answer.ts';
import type { Dialect } from './api-error.ts';
import type { Call } from './call.ts';
import { answerChat } from './endpoints/chat.ts';
import { answerCompletion } from './endpoints/completions.ts';
import { answerEmbeddings } from './endpoints/embeddings.ts';
import {
  answerFileList,
  answerImageEdit,
  answerImages,
  answerModerations,
  answerSpeech,
  answerTranscription,
  answerUpload,
} from './endpoints/media.ts';
import { streamRun } from './endpoints/media-stream.ts';
import { answerMessage, answerTokenCount } from './endpoints/messages.ts';
import { answerModel, answerModels } from './endpoints/models.ts';
import { answerResponse } from './endpoints/responses.ts';
import {
  answerCancelledResponse,
  answerDeletedResponse,
  answerInputItems,
  answerInputTokens,
  answerStoredResponse,
} from './endpoints/stored-responses.ts';

/** One thing that the provider can be asked. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The end of the path; whatever comes before it is a prefix such as `/v1`. `/` at its end: with an id. */
  readonly path: string;
  readonly dialect: Dialect;
  readonly answer: (call: Call, models: readonly string[]) => Answer;
}

/** Every endpoint; the first whose path fits is meant, so longer paths come first. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'POST', path: '/chat/completions', dialect: 'openai', answer: answerChat },
  { method: 'POST', path: '/completions', dialect: 'openai', answer: answerCompletion },
  { method: 'POST', path: '/embeddings', dialect: 'openai', answer: answerEmbeddings },
  { method: 'POST', path: '/responses/input_tokens', dialect: 'responses', answer: answerInputTokens },
  { method: 'POST', path: '/responses', dialect: 'responses', answer: answerResponse },
  { method: 'GET', path: '/input_items', dialect: 'responses', answer: answerInputItems },
  { method: 'GET', path: '/responses/', dialect: 'responses', answer: answerStoredResponse },
  { method: 'DELETE', path: '/responses/', dialect: 'responses', answer: answerDeletedResponse },
  { method: 'POST', path: '/cancel', dialect: 'responses', answer: answerCancelledResponse },
  { method: 'POST', path: '/runs', dialect: 'openai', answer: streamRun },
  { method: 'POST', path: '/messages/count_tokens', dialect: 'anthropic', answer: answerTokenCount },
  { method: 'POST', path: '/messages', dialect: 'anthropic', answer: answerMessage },
  { method: 'POST', path: '/audio/speech', dialect: 'openai', answer: answerSpeech },
  { method: 'POST', path: '/audio/transcriptions', dialect: 'openai', answer: answerTranscription },
  { method: 'POST', path: '/audio/translations', dialect: 'openai', answer: answerTranscription },
  { method: 'POST', path: '/images/generations', dialect: 'openai', answer: answerImages },
  { method: 'POST', path: '/images/edits', dialect: 'openai', answer: answerImageEdit },
  { method: 'POST', path: '/moderations', dialect: 'openai', answer: answerModerations },
  { method: 'GET', path: '/files', dialect: 'openai', answer: answerFileList },
  { method: 'POST', path: '/files', dialect: 'openai', answer: answerUpload },
  { method: 'GET', path: '/models', dialect: 'openai', answer: (_, models) => answerModels(models) },
  { method: 'GET', path: '/models/', dialect: 'openai', answer: answerModel },
];

/** What a request is for, or why it is for nothing: the methods that the path would have had. */
export type Target =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'unknown'; readonly allowed: readonly string[] };

/** Finds the endpoint of a request. HEAD is answered as GET is, without the body. */
export function findEndpoint(method: string, path: string): Target {
  const asked = method === 'HEAD' ? 'GET' : method;
  const fitting = ENDPOINTS.filter((endpoint) => fits(endpoint, path));
  const endpoint = fitting.find((candidate) => candidate.method === asked);
  if (endpoint !== undefined) return { kind: 'endpoint', endpoint };
  return { kind: 'unknown', allowed: fitting.map((candidate) => candidate.method) };
}

function fits(endpoint: Endpoint, path: string): boolean {
  return endpoint.path.endsWith('/') ? path.includes(endpoint.path) : path.endsWith(endpoint.path);
}

import { fitsPath } from './endpoint-path.ts';
import type { Endpoint } from './endpoint-shape.ts';
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
import {
  answerBatch,
  answerBatchCancel,
  answerBatchList,
  answerBatchRead,
  answerFile,
  answerFileContent,
  answerFileDeletion,
  answerRerank,
} from './endpoints/objects.ts';
import { answerModel, answerModels } from './endpoints/models.ts';
import { answerResponse } from './endpoints/responses.ts';
import {
  answerCancelledResponse,
  answerDeletedResponse,
  answerInputItems,
  answerInputTokens,
  answerStoredResponse,
} from './endpoints/stored-responses.ts';
import { checkChat } from './strict/chat-check.ts';
import { checkTokenCount, checkMessages } from './strict/messages-check.ts';
import { checkCompletion, checkEmbeddings } from './strict/other-checks.ts';
import { checkInputTokens, checkResponse } from './strict/responses-check.ts';
import { PLATFORM_ENDPOINTS } from './platform-endpoints.ts';

/** All endpoints. The first match counts, so longer paths come first. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'POST', path: '/chat/completions', dialect: 'openai', answer: answerChat, check: checkChat },
  {
    method: 'POST',
    path: '/completions',
    dialect: 'openai',
    answer: answerCompletion,
    check: checkCompletion,
  },
  {
    method: 'POST',
    path: '/embeddings',
    dialect: 'openai',
    answer: answerEmbeddings,
    check: checkEmbeddings,
  },
  {
    method: 'POST',
    path: '/responses/input_tokens',
    dialect: 'responses',
    answer: answerInputTokens,
    check: checkInputTokens,
  },
  { method: 'POST', path: '/responses', dialect: 'responses', answer: answerResponse, check: checkResponse },
  { method: 'GET', path: '/responses/*/input_items', dialect: 'responses', answer: answerInputItems },
  { method: 'GET', path: '/responses/*', dialect: 'responses', answer: answerStoredResponse },
  { method: 'DELETE', path: '/responses/*', dialect: 'responses', answer: answerDeletedResponse },
  {
    method: 'POST',
    path: '/responses/*/cancel',
    dialect: 'responses',
    hasBody: false,
    answer: answerCancelledResponse,
  },
  { method: 'POST', path: '/threads/*/runs', dialect: 'openai', answer: streamRun },
  { method: 'POST', path: '/threads/runs', dialect: 'openai', answer: streamRun },
  {
    method: 'POST',
    path: '/messages/count_tokens',
    dialect: 'anthropic',
    answer: answerTokenCount,
    check: checkTokenCount,
  },
  { method: 'POST', path: '/messages', dialect: 'anthropic', answer: answerMessage, check: checkMessages },
  { method: 'POST', path: '/audio/speech', dialect: 'openai', answer: answerSpeech },
  { method: 'POST', path: '/audio/transcriptions', dialect: 'openai', answer: answerTranscription },
  { method: 'POST', path: '/audio/translations', dialect: 'openai', answer: answerTranscription },
  { method: 'POST', path: '/images/generations', dialect: 'openai', answer: answerImages },
  { method: 'POST', path: '/images/edits', dialect: 'openai', answer: answerImageEdit },
  { method: 'POST', path: '/moderations', dialect: 'openai', answer: answerModerations },
  { method: 'POST', path: '/images/variations', dialect: 'openai', answer: answerImageEdit },
  { method: 'POST', path: '/rerank', dialect: 'openai', answer: answerRerank },
  { method: 'GET', path: '/files/*/content', dialect: 'openai', answer: answerFileContent },
  { method: 'GET', path: '/files/*', dialect: 'openai', answer: answerFile },
  { method: 'DELETE', path: '/files/*', dialect: 'openai', answer: answerFileDeletion },
  { method: 'POST', path: '/batches/*/cancel', dialect: 'openai', hasBody: false, answer: answerBatchCancel },
  { method: 'GET', path: '/batches/*', dialect: 'openai', answer: answerBatchRead },
  { method: 'GET', path: '/batches', dialect: 'openai', answer: answerBatchList },
  { method: 'POST', path: '/batches', dialect: 'openai', answer: answerBatch },
  { method: 'GET', path: '/files', dialect: 'openai', answer: answerFileList },
  { method: 'POST', path: '/files', dialect: 'openai', answer: answerUpload },
  { method: 'GET', path: '/models', dialect: 'openai', answer: answerModels },
  { method: 'GET', path: '/models/*', dialect: 'openai', answer: answerModel },
  ...PLATFORM_ENDPOINTS,
];

/** The endpoint of a request, or the methods that its path allows. */
export type Target =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly kind: 'unknown'; readonly allowed: readonly string[] };

/** Finds the endpoint of a request. HEAD is answered like GET, without the body. */
export function findEndpoint(method: string, path: string): Target {
  const asked = method === 'HEAD' ? 'GET' : method;
  const fitting = ENDPOINTS.filter((endpoint) => fitsPath(endpoint, path));
  const endpoint = fitting.find((candidate) => candidate.method === asked);
  if (endpoint !== undefined) return { kind: 'endpoint', endpoint };
  return { kind: 'unknown', allowed: fitting.map((candidate) => candidate.method) };
}

import type { Endpoint } from './endpoint-shape.ts';
import {
  answerInvoke,
  answerInvokeStream,
  answerRawCount,
  answerRawPredict,
  answerStreamRawPredict,
} from './endpoints/carried.ts';
import { answerBedrockCount, answerConverse, answerConverseStream } from './endpoints/converse.ts';
import { answerGeminiCount, answerGenerate, answerStreamGenerate } from './endpoints/gemini.ts';
import { answerBatchEmbed, answerEmbedContent, answerPredict } from './endpoints/google-embeddings.ts';

const GOOGLE = { method: 'POST', dialect: 'gemini', namesModel: true } as const;
const VERTEX = { method: 'POST', dialect: 'anthropic', root: 'vertex', namesModel: true } as const;
/** The one whose body names the model. */
const VERTEX_COUNT = {
  method: 'POST',
  dialect: 'anthropic',
  root: 'vertex',
  path: '/publishers/anthropic/models/count-tokens:rawPredict',
} as const;
const BEDROCK = { method: 'POST', dialect: 'bedrock', root: 'bedrock', namesModel: true } as const;

/** Endpoints whose path names the model: Google's Gemini API, Vertex AI and AWS Bedrock. */
export const PLATFORM_ENDPOINTS: readonly Endpoint[] = [
  ...geminiEndpoints({ ...GOOGLE, root: 'google' }, ''),
  ...geminiEndpoints({ ...GOOGLE, root: 'vertex' }, '/publishers/google'),
  { ...VERTEX, path: '/publishers/google/models/*:predict', dialect: 'gemini', answer: answerPredict },
  { ...VERTEX_COUNT, answer: answerRawCount },
  { ...VERTEX, path: '/publishers/anthropic/models/*:rawPredict', answer: answerRawPredict },
  {
    ...VERTEX,
    path: '/publishers/anthropic/models/*:streamRawPredict',
    streams: true,
    answer: answerStreamRawPredict,
  },
  { ...BEDROCK, path: '/model/*/converse', answer: answerConverse },
  { ...BEDROCK, path: '/model/*/converse-stream', streams: true, answer: answerConverseStream },
  { ...BEDROCK, path: '/model/*/invoke', answer: answerInvoke },
  { ...BEDROCK, path: '/model/*/invoke-with-response-stream', streams: true, answer: answerInvokeStream },
  { ...BEDROCK, path: '/model/*/count-tokens', answer: answerBedrockCount },
];

function geminiEndpoints(
  base: Pick<Endpoint, 'method' | 'dialect' | 'namesModel' | 'root'>,
  prefix: string,
): readonly Endpoint[] {
  const path = (verb: string): string => `${prefix}/models/*:${verb}`;
  return [
    { ...base, path: path('generateContent'), answer: answerGenerate },
    { ...base, path: path('streamGenerateContent'), streams: true, answer: answerStreamGenerate },
    { ...base, path: path('countTokens'), answer: answerGeminiCount },
    { ...base, path: path('embedContent'), answer: answerEmbedContent },
    { ...base, path: path('batchEmbedContents'), answer: answerBatchEmbed },
  ];
}

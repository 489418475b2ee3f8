import type { Call } from './call.ts';
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
import { checkAwsSignature } from './strict/aws-signature.ts';
import { checkBedrockCount, checkConverse } from './strict/converse-check.ts';
import {
  checkBatchEmbed,
  checkEmbed,
  checkGeminiCount,
  checkGenerate,
  checkPredict,
} from './strict/gemini-check.ts';
import { checkInvoked, checkRawCount, checkRawPredict } from './strict/messages-check.ts';

const GOOGLE = { method: 'POST', dialect: 'gemini', namesModel: true, checked: 'always' } as const;
const VERTEX = { ...GOOGLE, dialect: 'anthropic', root: 'vertex' } as const;
/** The count endpoint of Vertex AI, whose body names the model. */
const VERTEX_COUNT = {
  method: 'POST',
  dialect: 'anthropic',
  root: 'vertex',
  path: '/publishers/anthropic/models/count-tokens:rawPredict',
  checked: 'always',
} as const;
const BEDROCK = {
  method: 'POST',
  dialect: 'bedrock',
  root: 'bedrock',
  namesModel: true,
  checked: 'always',
} as const;

/** Endpoints whose path names the model: Google's Gemini API, Vertex AI and AWS Bedrock. */
export const PLATFORM_ENDPOINTS: readonly Endpoint[] = [
  ...geminiEndpoints({ ...GOOGLE, root: 'google' }, ''),
  ...geminiEndpoints({ ...GOOGLE, root: 'vertex' }, '/publishers/google'),
  {
    ...VERTEX,
    path: '/publishers/google/models/*:predict',
    dialect: 'gemini',
    answer: answerPredict,
    check: checkPredict,
  },
  { ...VERTEX_COUNT, answer: answerRawCount, check: checkRawCount },
  {
    ...VERTEX,
    path: '/publishers/anthropic/models/*:rawPredict',
    answer: answerRawPredict,
    check: checkRawPredict,
  },
  {
    ...VERTEX,
    path: '/publishers/anthropic/models/*:streamRawPredict',
    streams: true,
    answer: answerStreamRawPredict,
    check: checkRawPredict,
  },
  { ...BEDROCK, path: '/model/*/converse', answer: answerConverse, check: signedAnd(checkConverse) },
  {
    ...BEDROCK,
    path: '/model/*/converse-stream',
    streams: true,
    answer: answerConverseStream,
    check: signedAnd(checkConverse),
  },
  { ...BEDROCK, path: '/model/*/invoke', answer: answerInvoke, check: signedAnd(checkInvoked) },
  {
    ...BEDROCK,
    path: '/model/*/invoke-with-response-stream',
    streams: true,
    answer: answerInvokeStream,
    check: signedAnd(checkInvoked),
  },
  {
    ...BEDROCK,
    path: '/model/*/count-tokens',
    answer: answerBedrockCount,
    check: signedAnd(checkBedrockCount),
  },
];

function geminiEndpoints(
  base: Pick<Endpoint, 'method' | 'dialect' | 'namesModel' | 'root' | 'checked'>,
  prefix: string,
): readonly Endpoint[] {
  const path = (verb: string): string => `${prefix}/models/*:${verb}`;
  return [
    { ...base, path: path('generateContent'), answer: answerGenerate, check: checkGenerate },
    {
      ...base,
      path: path('streamGenerateContent'),
      streams: true,
      answer: answerStreamGenerate,
      check: checkGenerate,
    },
    { ...base, path: path('countTokens'), answer: answerGeminiCount, check: checkGeminiCount },
    { ...base, path: path('embedContent'), answer: answerEmbedContent, check: checkEmbed },
    { ...base, path: path('batchEmbedContents'), answer: answerBatchEmbed, check: checkBatchEmbed },
  ];
}

/** Bedrock checks the signature first. */
function signedAnd(check: (call: Call) => void): (call: Call) => void {
  return (call) => {
    checkAwsSignature(call);
    check(call);
  };
}

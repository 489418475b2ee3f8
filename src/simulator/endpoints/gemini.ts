import { type Answer, jsonAnswer, streamAnswer } from '../answer.ts';
import { geminiAsk } from '../ask.ts';
import { type Call, idOf, promptTokens } from '../call.ts';
import { UNWRITTEN } from '../event-writer.ts';
import type { Item, Part } from '../item.ts';
import { type JsonObject, listOf, objectOf, positiveOf } from '../json.ts';
import { fitSchema } from '../json-schema.ts';
import { type Plan, planAnswer } from '../plan.ts';
import { signatureOf } from '../signature.ts';
import { thoughts } from '../thoughts.ts';
import type { ToolCall } from '../tool-call.ts';
import { geminiUsage } from '../usage.ts';
import { inPieces, joinText, type Text } from '../words.ts';

interface Generation extends Plan {
  readonly id: string;
  readonly model: string;
  readonly count: number;
  readonly finishReason: string;
  readonly shape: Call['options']['toolShape'];
}

/** POST models/{model}:generateContent. */
export function answerGenerate(call: Call): Answer {
  const plan = planGeneration(call);
  const candidates = Array.from({ length: plan.count }, (_, index) => {
    const content = { parts: wholeParts(plan, index), role: 'model' };
    return { content, finishReason: plan.finishReason, index };
  });
  return jsonAnswer(chunk(plan, { candidates, usageMetadata: geminiUsage(plan.usage) }), {
    dialect: 'gemini',
    usage: plan.usage,
  });
}

/** POST models/{model}:streamGenerateContent: server-sent events with `alt=sse`, else a JSON array. */
export function answerStreamGenerate(call: Call): Answer {
  const plan = planGeneration(call);
  const isSse = call.query.get('alt') === 'sse';
  const shape = { dialect: 'gemini', usage: plan.usage, framing: isSse ? 'sse' : 'array' } as const;
  const answer = streamAnswer(events(plan, call, isSse), shape);
  return { ...answer, style: { lineEnd: '\r\n', space: ' ', isMultiLine: false } };
}

function planGeneration(call: Call): Generation {
  const { body } = call;
  const config = objectOf(body['generationConfig']);
  const count = Math.min(Math.floor(positiveOf(config['candidateCount']) ?? 1), 8);
  const plan = planAnswer(call, {
    ask: geminiAsk(body),
    inputTokens: promptTokens([body['systemInstruction'] ?? null], body['contents']),
    idPrefix: 'call_',
    choices: count,
    json: jsonText(config),
  });
  const finishReason = FINISH_REASONS[plan.end];
  const { toolShape: shape } = call.options;
  return { ...plan, id: idOf(call, ''), model: call.model, count, finishReason, shape };
}

const FINISH_REASONS: Readonly<Record<Plan['end'], string>> = {
  end: 'STOP',
  length: 'MAX_TOKENS',
  // Gemini has no separate finish reason for calls.
  tools: 'STOP',
  malformed: 'MALFORMED_FUNCTION_CALL',
  filter: 'SAFETY',
};

/** The JSON that `responseMimeType` requires; undefined: text. */
function jsonText(config: JsonObject): Text | undefined {
  if (config['responseMimeType'] !== 'application/json') return undefined;
  const schema = config['responseJsonSchema'] ?? config['responseSchema'];
  return inPieces(JSON.stringify(schema === undefined ? { answer: 'mock', ok: true } : fitSchema(schema)));
}

function wholeParts(plan: Generation, index: number): readonly JsonObject[] {
  const text = plan.texts[index];
  return [
    ...(plan.reasoning === undefined ? [] : [{ text: joinText(plan.reasoning), thought: true }]),
    ...(text === undefined ? [] : [{ text: joinText(text), ...textSignature(plan) }]),
    ...callParts(plan),
  ];
}

/** Gemini signs the last text of an answer with thoughts and without calls. */
function textSignature({ reasoning, calls }: Plan): JsonObject {
  if (reasoning === undefined || calls.length > 0) return {};
  return { thoughtSignature: signatureOf('gemini', reasoning) };
}

/** Only the first of parallel calls has a signature. A malformed call is omitted. */
function callParts({ calls, reasoning, end, shape }: Generation): readonly JsonObject[] {
  if (end === 'malformed') return [];
  return calls.map((call, nth) => ({
    functionCall: functionCall(call, shape),
    ...(nth === 0 && { thoughtSignature: signatureOf('gemini', reasoning) }),
  }));
}

function functionCall({ id, name, arguments: args }: ToolCall, shape: Generation['shape']): JsonObject {
  return { ...(shape !== 'no-id' && { id }), name, ...(shape !== 'empty-arguments' && { args }) };
}

function* events(plan: Generation, { options }: Call, isSse: boolean): Generator<Item> {
  const event = (part: Part, parts: readonly JsonObject[], at: { index: number; isEnd?: true }): Item => {
    const finish = at.isEnd === undefined ? {} : { finishReason: plan.finishReason };
    const candidates = [{ content: { parts, role: 'model' }, ...finish, index: at.index }];
    const usage = at.isEnd === undefined ? soFar(plan) : plan.usage;
    const data = JSON.stringify(chunk(plan, { candidates, usageMetadata: geminiUsage(usage) }));
    return { kind: 'event', part, name: '', data };
  };
  // Gemini sends neither pings nor comments while the model thinks.
  yield* thoughts({ ...options, thinking: options.thinking && { ...options.thinking, everyMs: 0 } }, NO_SIGN);
  for (let at = 0; at < (plan.reasoning?.count ?? 0); at++) {
    yield event('content', [{ text: plan.reasoning?.piece(at), thought: true }], { index: 0 });
  }
  for (let index = 0; index < plan.count; index++) {
    const text = plan.texts[index];
    for (let at = 0; at < (text?.count ?? 0); at++) {
      yield event('content', [{ text: text?.piece(at) }], { index });
    }
    for (const part of callParts(plan)) yield event('content', [part], { index });
    yield event('finish', [{ text: '', ...textSignature(plan) }], { index, isEnd: true });
  }
  if (!isSse) yield { kind: 'event', part: 'done', name: UNWRITTEN, data: '' };
}

const NO_SIGN: Item = { kind: 'wait', ms: 0 };

/** The usage in a chunk before the last one: only the prompt. */
function soFar({ usage }: Plan): Plan['usage'] {
  return { ...usage, outputTokens: 0, reasoningTokens: 0 };
}

function chunk({ id, model }: Generation, fields: JsonObject): JsonObject {
  return { ...fields, modelVersion: model, responseId: id };
}

/** POST models/{model}:countTokens. */
export function answerGeminiCount({ body }: Call): Answer {
  const asked =
    body['generateContentRequest'] === undefined ? body : objectOf(body['generateContentRequest']);
  const tokens = promptTokens([asked['systemInstruction'] ?? null], asked['contents']);
  const promptTokensDetails = [{ modality: 'TEXT', tokenCount: tokens }];
  return jsonAnswer({ totalTokens: tokens, promptTokensDetails }, { dialect: 'gemini' });
}

/** GET models in Google's shape. */
export function answerGeminiModels(models: readonly string[]): Answer {
  return jsonAnswer({ models: models.map(geminiModel) }, { dialect: 'gemini' });
}

/** One model in Google's shape. */
export function geminiModel(id: string): JsonObject {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: listOf(['generateContent', 'countTokens', 'embedContent']),
  };
}

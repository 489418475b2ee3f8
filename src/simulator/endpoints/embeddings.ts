import { type Answer, jsonAnswer } from '../answer.ts';
import { badRequest } from '../api-error.ts';
import { type Call, promptTokens } from '../call.ts';
import { type Json, listOf, positiveOf } from '../json.ts';
import { createDice } from '../words.ts';

const DIMENSIONS = 8;
const MAX_DIMENSIONS = 10_000;

/** POST embeddings: a unit vector for each input, the same for equal inputs. */
export function answerEmbeddings({ body, model }: Call): Answer {
  const inputs = inputsOf(body['input']);
  if (inputs.length === 0) throw badRequest("Missing required parameter: 'input'.");
  const dimensions = Math.min(Math.floor(positiveOf(body['dimensions']) ?? DIMENSIONS), MAX_DIMENSIONS);
  const isBase64 = body['encoding_format'] === 'base64';
  const data = inputs.map((input, index) => {
    const vector = vectorOf(JSON.stringify(input), dimensions);
    const embedding = isBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const tokens = promptTokens(...inputs);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  const shape = {
    dialect: 'openai',
    usage: { inputTokens: tokens, outputTokens: 0, reasoningTokens: 0 },
  } as const;
  return jsonAnswer({ object: 'list', data, model, usage }, shape);
}

/** Reads a text, texts, the tokens of a text, or the tokens of several texts. */
function inputsOf(input: Json | undefined): readonly Json[] {
  if (typeof input === 'string') return [input];
  const list = listOf(input);
  return typeof list[0] === 'number' ? [list] : list;
}

/** A unit vector for a text, the same for the same text. */
export function vectorOf(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const dice = createDice(Bun.hash.crc32(text));
  const vector = Float32Array.from({ length: dimensions }, () => dice() * 2 - 1);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

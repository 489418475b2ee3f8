import { append } from '../../lib/append.ts';
import type { OnlyField, Placed } from '../conversation.ts';
import { camelKeys } from '../gemini/camel-keys.ts';
import { readPath } from '../gemini/read-request.ts';
import { asArray, asString, type JsonObject } from '../json.ts';
import { Fields, objectAt, readBody } from '../request-fields.ts';
import { InvalidBody, type ReadContext } from '../sides.ts';
import type { AskedText, EmbeddingsAsked } from './asked.ts';

/** Reads a body of POST /v1/embeddings. @throws InvalidBody */
export function readOpenAi(text: string): EmbeddingsAsked {
  const fields = new Fields(readBody(text));
  const input = fields.any('input');
  const tokens = isTokens(input) || (Array.isArray(input) && input.some(isTokens));
  const only: OnlyField[] = [];
  if (tokens) only.push(meaning('input', 'token ids are specific to one tokenizer', input));
  const encoding = fields.any('encoding_format') ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64')
    only.push(
      meaning('encoding_format', 'other encodings than float and base64 have no equivalent', encoding),
    );
  return {
    client: 'embeddings',
    model: fields.string('model') ?? '',
    inputs: tokens ? [] : readInputs(input),
    dimensions: fields.placedNumber('dimensions'),
    encoding: encoding === 'base64' ? 'base64' : 'float',
    isSingle: false,
    only: [...only, ...fields.rest()],
  };
}

function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
}

function readInputs(input: unknown): readonly Placed<string>[] {
  if (typeof input === 'string') return [{ value: input, path: 'input' }];
  if (!Array.isArray(input) || input.length === 0)
    throw new InvalidBody('input', 'expected a string or a list of strings');
  return input.map((value: unknown, index) => {
    const path = `input[${index}]`;
    if (typeof value !== 'string') throw new InvalidBody(path, 'expected a string');
    return { value, path };
  });
}

/**
 * Reads a body of `:embedContent` or `:batchEmbedContents`. The path holds the model and the method. @throws
 * InvalidBody
 */
export function readGemini(text: string, { path }: ReadContext): EmbeddingsAsked {
  const { model, method } = readPath(path);
  const fields = new Fields(camelKeys(readBody(text)));
  const isSingle = method !== 'batchEmbedContents';
  const only: OnlyField[] = [];
  const inputs: AskedText[] = [];
  let dimensions: Placed<number> | undefined;
  const given = isSingle ? [fields] : requestsOf(fields);
  given.forEach((request, index) => {
    const place = isSingle ? '' : `requests[${index}].`;
    request.any('model');
    inputs.push({
      ...readContent(request.object('content'), `${place}content`, only),
      taskType: request.placedString('taskType'),
      title: request.placedString('title'),
    });
    const wanted = request.placedNumber('outputDimensionality');
    if (index > 0 && wanted?.value !== dimensions?.value)
      only.push(
        meaning(`${place}outputDimensionality`, 'all embeddings must have the same length', wanted?.value),
      );
    else dimensions ??= wanted;
    append(only, request.rest());
  });
  if (!isSingle) append(only, fields.rest());
  return { client: 'gemini', model, inputs, dimensions, encoding: 'float', isSingle, only };
}

function requestsOf(fields: Fields): readonly Fields[] {
  const list = fields.any('requests');
  if (!Array.isArray(list) || list.length === 0) throw new InvalidBody('requests', 'expected a list');
  return list.map((value: unknown, index) => {
    const path = `requests[${index}]`;
    return new Fields(camelKeys(objectAt(value, path)), path);
  });
}

function readContent(content: JsonObject | undefined, path: string, only: OnlyField[]): Placed<string> {
  if (content === undefined) throw new InvalidBody(path, 'expected an object');
  const texts: string[] = [];
  asArray(content['parts']).forEach((part, index) => {
    const place = `${path}.parts[${index}]`;
    const text = asString(objectAt(part, place)['text']);
    if (text === undefined) only.push(meaning(place, 'only texts can be embedded', part));
    else texts.push(text);
  });
  return { value: texts.join('\n'), path };
}

function meaning(path: string, why: string, value: unknown): OnlyField {
  return { path, class: 'meaning', why, value };
}

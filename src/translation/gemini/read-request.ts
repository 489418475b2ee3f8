import type {
  Conversation,
  OnlyField,
  Output,
  OutputFormat,
  ReasoningWish,
  Sampling,
} from '../conversation.ts';
import { idSuffix } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { effortNamed } from '../models/efforts.ts';
import { Fields, readBody, unknownValue } from '../request-fields.ts';
import { fromOpenApi } from '../schema.ts';
import { InvalidBody, reading, type ReadContext, type RequestReading } from '../sides.ts';
import { camelKeys } from './camel-keys.ts';
import { readContents, readSystem } from './read-contents.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/**
 * Reads a body of `:generateContent`, `:streamGenerateContent` or `:countTokens`. The path holds the model and the
 * method.
 */
export function readRequest(text: string, context: ReadContext): RequestReading {
  return reading(() => readConversation(text, context));
}

function readConversation(text: string, context: ReadContext): Conversation {
  const { model, method, search } = readPath(context.path);
  const whole = camelKeys(readBody(text));
  const inner = asObject(whole['generateContentRequest']);
  const body = method === 'countTokens' && inner !== undefined ? camelKeys(inner) : whole;
  const fields = new Fields(body);
  fields.any('model');
  const given = fields.object('generationConfig');
  const config = new Fields(camelKeys(given ?? {}), 'generationConfig');
  const { tools, serverTools, only: ofTools } = readTools(fields);
  const { turns, losses } = readContents(fields.any('contents'), text, idSuffix(context.requestId));
  const output = readOutput(config);
  const sampling = readSampling(config);
  const reasoning = readReasoning(config);
  const only = [...ofTools, ...readOnly(fields, config)];
  const { system, more } = readSystem(fields.any('systemInstruction'));
  return {
    api: 'gemini',
    model,
    operation: method === 'countTokens' ? 'count' : 'generate',
    system,
    turns,
    tools,
    serverTools,
    toolChoice: readToolChoice(fields),
    parallelTools: undefined,
    output,
    reasoning,
    sampling,
    meta: {},
    stream: method === 'streamGenerateContent',
    includeUsage: true,
    seesSeals: true,
    legacyFunctions: false,
    cache: undefined,
    only: [...only, ...config.rest(), ...fields.rest()],
    losses: [...losses, ...more],
    echo: { sse: new URLSearchParams(search).get('alt') === 'sse' },
  };
}

/** `…/models/{model}:{method}?alt=sse`. @throws InvalidBody */
export function readPath(path: string): {
  readonly model: string;
  readonly method: string;
  readonly search: string;
} {
  const question = path.indexOf('?');
  const plain = question === -1 ? path : path.slice(0, question);
  const last = plain.slice(plain.lastIndexOf('/models/') + '/models/'.length);
  const colon = last.lastIndexOf(':');
  if (colon <= 0) throw new InvalidBody('model', 'the path does not name a model and a method');
  return {
    model: decoded(last.slice(0, colon)),
    method: last.slice(colon + 1),
    search: question === -1 ? '' : path.slice(question + 1),
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function readOutput(config: Fields): Output {
  const stop = asArray(config.any('stopSequences')).filter((each) => typeof each === 'string');
  return {
    format: readFormat(config),
    maxTokens: config.placedNumber('maxOutputTokens'),
    stop: stop.length === 0 ? undefined : { value: stop, path: 'generationConfig.stopSequences' },
    verbosity: undefined,
  };
}

function readFormat(config: Fields): OutputFormat {
  const mime = config.string('responseMimeType');
  const free = config.object('responseJsonSchema') ?? config.object('_responseJsonSchema');
  const subset = config.object('responseSchema');
  const name = free === undefined ? 'responseSchema' : 'responseJsonSchema';
  const schema = free ?? (subset === undefined ? undefined : fromOpenApi(subset));
  const path = 'generationConfig.responseMimeType';
  if (mime === undefined && schema === undefined) return readNewerFormat(config);
  if (schema === undefined) return mime === 'application/json' ? { kind: 'json', path } : { kind: 'text' };
  return {
    kind: 'json-schema',
    name: undefined,
    description: undefined,
    schema,
    strict: undefined,
    path: `generationConfig.${name}`,
    schemaPath: `generationConfig.${name}`,
  };
}

/** Reads the text format in `responseFormat`, which replaces `responseMimeType` and its schemas. */
function readNewerFormat(config: Fields): OutputFormat {
  const path = 'generationConfig.responseFormat';
  const text = formatsOf(config).find((format) => format['text'] !== undefined);
  const { mimeType, schema } = camelKeys(asObject(text?.['text']) ?? {});
  if (mimeType !== 'application/json') return { kind: 'text' };
  const given = asObject(schema);
  if (given === undefined) return { kind: 'json', path };
  const rest = { name: undefined, description: undefined, strict: undefined };
  return { kind: 'json-schema', ...rest, schema: given, path, schemaPath: path };
}

function formatsOf(config: Fields): readonly JsonObject[] {
  return asArray(config.any('responseFormat')).map((format) => camelKeys(asObject(format) ?? {}));
}

/** Whether a format asks for a text of a known type. */
function isTextFormat(format: JsonObject): boolean {
  const { mimeType } = camelKeys(asObject(format['text']) ?? {});
  const isKnown = mimeType === undefined || mimeType === 'application/json' || mimeType === 'text/plain';
  return Object.keys(format).every((key) => key === 'text') && isKnown;
}

function readSampling(config: Fields): Sampling {
  const n = config.placedNumber('candidateCount');
  const logprobs = config.placedBoolean('responseLogprobs');
  const topLogprobs = config.placedNumber('logprobs');
  const wants = logprobs?.value === true;
  return {
    temperature: config.placedNumber('temperature'),
    topP: config.placedNumber('topP'),
    topK: config.placedNumber('topK'),
    frequencyPenalty: config.placedNumber('frequencyPenalty'),
    presencePenalty: config.placedNumber('presencePenalty'),
    seed: config.placedNumber('seed'),
    n: n?.value === 1 ? undefined : n,
    logprobs: wants ? logprobs : undefined,
    topLogprobs: wants ? topLogprobs : undefined,
  };
}

function readReasoning(config: Fields): ReasoningWish | undefined {
  const given = config.object('thinkingConfig');
  if (given === undefined) return undefined;
  const thinking = new Fields(camelKeys(given));
  const level = effortNamed(thinking.string('thinkingLevel')?.toLowerCase());
  const budget = thinking.number('thinkingBudget');
  const show = thinking.boolean('includeThoughts');
  const path = THINKING_CONFIG;
  if (budget === 0)
    return { effort: 'none', budgetTokens: undefined, kind: 'off', show, path: `${path}.thinkingBudget` };
  const budgetTokens = budget === undefined || budget < 0 ? undefined : budget;
  if (level === undefined && budgetTokens === undefined && show !== true) return undefined;
  const effort = level ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens));
  const kind = budgetTokens === undefined ? undefined : 'budget';
  return { effort, budgetTokens, kind, show, path };
}

/** Maps a budget to an effort, with the same bounds as Anthropic's budgets. */
function effortOf(budget: number): 'low' | 'medium' | 'high' {
  if (budget <= 4096) return 'low';
  return budget <= 16_384 ? 'medium' : 'high';
}

function* readOnly(fields: Fields, config: Fields): Iterable<OnlyField> {
  const cached = asString(fields.any('cachedContent'));
  if (cached !== undefined) yield only('cachedContent', 'the cached content is stored at Google', cached);
  const modalities = asArray(config.any('responseModalities'));
  if (modalities.some((modality) => asString(modality)?.toUpperCase() !== 'TEXT'))
    yield only('generationConfig.responseModalities', 'only Gemini returns images and audio', modalities);
  const formats = formatsOf(config);
  if (!formats.every(isTextFormat))
    yield* unknownValue('generationConfig.responseFormat', formats, 'meaning');
  const thinking = new Fields(camelKeys(config.object('thinkingConfig') ?? {}), THINKING_CONFIG);
  const level = thinking.string('thinkingLevel');
  const isKnown = effortNamed(level?.toLowerCase()) !== undefined || level === UNSPECIFIED;
  if (!isKnown) yield* unknownValue(`${THINKING_CONFIG}.thinkingLevel`, level);
  for (const name of ['thinkingBudget', 'includeThoughts']) thinking.any(name);
  yield* thinking.rest();
  const mime = asString(config.any('responseMimeType'));
  const isKnownType = mime === undefined || mime === 'text/plain' || mime === 'application/json';
  if (!isKnownType) yield* unknownValue('generationConfig.responseMimeType', mime, 'meaning');
}

const THINKING_CONFIG = 'generationConfig.thinkingConfig';
const UNSPECIFIED = 'THINKING_LEVEL_UNSPECIFIED';

function only(path: string, why: string, value: unknown): OnlyField {
  return { path, class: 'meaning', why, value };
}

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
import { reading, type ReadContext, type RequestReading } from '../sides.ts';
import { readMessages } from './read-messages.ts';
import { readToolChoice, readTools } from './read-tools.ts';

/** Reads a body of POST /v1/chat/completions. */
export function readRequest(text: string, context: ReadContext): RequestReading {
  return reading(() => readConversation(readBody(text), context));
}

function readConversation(body: JsonObject, context: ReadContext): Conversation {
  const fields = new Fields(body);
  const suffix = idSuffix(context.requestId);
  const { system, turns, losses } = readMessages(fields.any('messages'), suffix);
  const { tools, serverTools, legacy, only: ofTools } = readTools(fields);
  const streamOptions = new Fields(fields.object('stream_options') ?? {});
  const sampling = readSampling(fields);
  const output = readOutput(fields);
  const reasoning = readReasoning(fields);
  const only = [...ofTools, ...readOnly(fields), ...unknownValues(fields, output, reasoning)];
  const toolChoice = readToolChoice(fields);
  if (toolChoice === undefined && tools.length + serverTools.length > 0)
    only.push(...unknownValue('tool_choice', fields.any('tool_choice')));
  const user = fields.placedString('user');
  return {
    api: 'chat',
    model: fields.string('model') ?? '',
    operation: 'generate',
    system,
    turns,
    tools,
    serverTools,
    toolChoice,
    parallelTools: fields.placedBoolean('parallel_tool_calls'),
    output,
    reasoning,
    sampling,
    meta: {
      user: fields.placedString('safety_identifier') ?? user,
      metadata: fields.placedObject('metadata'),
      serviceTier: fields.placedString('service_tier'),
      cacheKey: fields.placedString('prompt_cache_key'),
      store: fields.placedBoolean('store'),
    },
    stream: fields.boolean('stream') === true,
    includeUsage: streamOptions.boolean('include_usage') === true,
    seesSeals: true,
    legacyFunctions: legacy,
    cache: undefined,
    only: [...only, ...fields.rest()],
    losses,
    echo: {},
  };
}

function readOutput(fields: Fields): Output {
  const older = fields.placedNumber('max_tokens');
  const stop = fields.any('stop');
  const stops = typeof stop === 'string' ? [stop] : asArray(stop).filter((text) => typeof text === 'string');
  return {
    format: readFormat(fields.object('response_format')),
    maxTokens: fields.placedNumber('max_completion_tokens') ?? older,
    stop: stops.length === 0 ? undefined : { value: stops, path: 'stop' },
    verbosity: fields.placedString('verbosity'),
  };
}

function readFormat(format: JsonObject | undefined): OutputFormat {
  const path = 'response_format';
  if (format?.['type'] === 'json_object') return { kind: 'json', path };
  if (format?.['type'] !== 'json_schema') return { kind: 'text' };
  const given = new Fields(asObject(format['json_schema']) ?? {});
  const schema = given.object('schema');
  if (schema === undefined || Object.keys(schema).length === 0) return { kind: 'json', path };
  return {
    kind: 'json-schema',
    name: given.string('name'),
    description: given.string('description'),
    schema,
    strict: given.boolean('strict'),
    path,
    schemaPath: `${path}.json_schema.schema`,
  };
}

function readReasoning(fields: Fields): ReasoningWish | undefined {
  const effort = fields.string('reasoning_effort');
  if (effort === undefined) return undefined;
  const known = effortNamed(effort);
  return {
    effort: known,
    budgetTokens: undefined,
    kind: known === 'none' ? 'off' : undefined,
    show: known !== 'none',
    path: 'reasoning_effort',
  };
}

function readSampling(fields: Fields): Sampling {
  const n = fields.placedNumber('n');
  const logprobs = fields.placedBoolean('logprobs');
  const topLogprobs = fields.placedNumber('top_logprobs');
  return {
    temperature: fields.placedNumber('temperature'),
    topP: fields.placedNumber('top_p'),
    frequencyPenalty: fields.placedNumber('frequency_penalty'),
    presencePenalty: fields.placedNumber('presence_penalty'),
    seed: fields.placedNumber('seed'),
    logitBias: fields.placedObject('logit_bias'),
    n: n?.value === 1 ? undefined : n,
    logprobs: logprobs?.value === true ? logprobs : undefined,
    topLogprobs: logprobs?.value === true ? topLogprobs : undefined,
  };
}

/** Values of known fields that mean nothing to a reader. Without its format, an answer is another one. */
function unknownValues(
  fields: Fields,
  { format }: Output,
  reasoning: ReasoningWish | undefined,
): readonly OnlyField[] {
  const type = fields.object('response_format')?.['type'];
  const isUnread = format.kind === 'text' && type !== 'text';
  const isUnnamed = reasoning !== undefined && reasoning.effort === undefined;
  return [
    ...(isUnread ? unknownValue('response_format', fields.any('response_format'), 'meaning') : []),
    ...(isUnnamed ? unknownValue('reasoning_effort', fields.any('reasoning_effort')) : []),
  ];
}

/** Fields that only Chat has and that are more than tuning. */
function readOnly(fields: Fields): readonly OnlyField[] {
  const only: OnlyField[] = [];
  const modalities = asArray(fields.any('modalities'));
  const why = 'only OpenAI returns audio';
  if (modalities.some((modality) => asString(modality) !== 'text')) {
    only.push({ path: 'modalities', class: 'meaning', why, value: modalities });
  }
  const audio = fields.any('audio');
  if (audio !== undefined) only.push({ path: 'audio', class: 'meaning', why, value: audio });
  return only;
}

import type {
  Conversation,
  OnlyField,
  Output,
  OutputFormat,
  ReasoningWish,
  Sampling,
  SystemText,
} from '../conversation.ts';
import { idSuffix } from '../ids.ts';
import type { JsonObject, JsonTree } from '../json.ts';
import type { Loss } from '../losses.ts';
import { effortNamed } from '../models/efforts.ts';
import { Fields, readBody, unknownValue } from '../request-fields.ts';
import { reading, type ReadContext, type RequestReading } from '../sides.ts';
import { readInput } from './read-input.ts';
import { type ReadTools, readToolChoice, readTools } from './read-tools.ts';

/** Reads a body of POST /v1/responses or /v1/responses/input_tokens. */
export function readRequest(text: string, context: ReadContext): RequestReading {
  return reading(() => readConversation(readBody(text), context));
}

function readConversation(body: JsonObject, context: ReadContext): Conversation {
  const fields = new Fields(body);
  const tools: ReadTools = { tools: [], serverTools: [], losses: [] };
  readTools(fields.list('tools') ?? [], 'tools', tools);
  const input = readInput(fields.any('input'), idSuffix(context.requestId), tools);
  const losses: Loss[] = [...tools.losses, ...input.losses];
  const text = new Fields(fields.object('text') ?? {}, 'text');
  const reasoning = new Fields(fields.object('reasoning') ?? {}, 'reasoning');
  const include = readInclude(fields, losses);
  const output = readOutput(fields, text);
  const wish = readReasoning(reasoning);
  const unknown = unknownValues({ text, reasoning }, output, wish);
  const sampling = readSampling(fields, include.logprobs);
  const user = fields.placedString('user');
  const system = [...readInstructions(fields), ...input.system];
  const toolChoice = readToolChoice(fields.any('tool_choice'), tools);
  const only = [...readOnly(fields), ...unknown];
  if (toolChoice === undefined && tools.tools.length + tools.serverTools.length > 0)
    only.push(...unknownValue('tool_choice', fields.any('tool_choice')));
  return {
    api: 'responses',
    model: fields.string('model') ?? '',
    operation: context.path.includes('/input_tokens') ? 'count' : 'generate',
    system,
    turns: input.turns,
    tools: tools.tools,
    serverTools: tools.serverTools,
    toolChoice,
    parallelTools: fields.placedBoolean('parallel_tool_calls'),
    output,
    reasoning: wish,
    sampling,
    meta: {
      user: fields.placedString('safety_identifier') ?? user,
      metadata: fields.placedObject('metadata'),
      serviceTier: fields.placedString('service_tier'),
      cacheKey: fields.placedString('prompt_cache_key'),
      store: fields.placedBoolean('store'),
    },
    stream: fields.boolean('stream') === true,
    includeUsage: true,
    seesSeals: include.seals,
    legacyFunctions: false,
    cache: undefined,
    only: [...only, ...text.rest(), ...reasoning.rest(), ...fields.rest()],
    losses,
    echo: echoOf(body),
  };
}

/** The fields that every answer repeats, as the client sent them. */
const ECHOED = [
  'metadata',
  'temperature',
  'top_p',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'reasoning',
  'text',
  'truncation',
  'user',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
] as const;

function echoOf(body: JsonObject): JsonObject {
  const echo: JsonTree = {};
  for (const name of ECHOED) {
    if (body[name] !== undefined && body[name] !== null) echo[name] = body[name];
  }
  return echo;
}

function readInstructions(fields: Fields): readonly SystemText[] {
  const text = fields.string('instructions');
  return text === undefined || text.trim() === '' ? [] : [{ text, path: 'instructions' }];
}

interface Include {
  readonly seals: boolean;
  readonly logprobs: string | undefined;
}

/** Reads `include`, which requests additional output. Records a loss for output that other APIs lack. */
function readInclude(fields: Fields, losses: Loss[]): Include {
  let seals = false;
  let logprobs: string | undefined;
  (fields.list('include') ?? []).forEach((value, index) => {
    const path = `include[${index}]`;
    if (value === 'reasoning.encrypted_content') seals = true;
    else if (value === 'message.output_text.logprobs') logprobs ??= path;
    else losses.push({ path, what: 'dropped', class: 'tuning', why: 'the other API has no equivalent' });
  });
  return { seals, logprobs };
}

function readOutput(fields: Fields, text: Fields): Output {
  return {
    format: readFormat(text.object('format')),
    maxTokens: fields.placedNumber('max_output_tokens'),
    stop: undefined,
    verbosity: text.placedString('verbosity'),
  };
}

function readFormat(format: JsonObject | undefined): OutputFormat {
  const path = 'text.format';
  if (format?.['type'] === 'json_object') return { kind: 'json', path };
  if (format?.['type'] !== 'json_schema') return { kind: 'text' };
  const given = new Fields(format);
  const schema = given.object('schema');
  if (schema === undefined || Object.keys(schema).length === 0) return { kind: 'json', path };
  return {
    kind: 'json-schema',
    name: given.string('name'),
    description: given.string('description'),
    schema,
    strict: given.boolean('strict'),
    path,
    schemaPath: `${path}.schema`,
  };
}

/** Values of known fields that mean nothing to a reader. Without its format, an answer is another one. */
function unknownValues(
  { text, reasoning }: { readonly text: Fields; readonly reasoning: Fields },
  { format }: Output,
  wish: ReasoningWish | undefined,
): readonly OnlyField[] {
  const type = text.object('format')?.['type'];
  const isUnread = format.kind === 'text' && type !== 'text';
  return [
    ...(isUnread ? unknownValue('text.format', text.any('format'), 'meaning') : []),
    ...(wish?.effort === undefined ? unknownValue('reasoning.effort', reasoning.any('effort')) : []),
  ];
}

/** Reads the reasoning settings. A requested summary means that the client shows the reasoning. */
function readReasoning(reasoning: Fields): ReasoningWish | undefined {
  const effort = effortNamed(reasoning.string('effort'));
  const older = reasoning.string('generate_summary');
  const summary = reasoning.string('summary') ?? older;
  if (effort === undefined && summary === undefined) return undefined;
  return {
    effort,
    budgetTokens: undefined,
    kind: effort === 'none' ? 'off' : undefined,
    show: summary === undefined ? undefined : true,
    path: effort === undefined ? 'reasoning.summary' : 'reasoning.effort',
  };
}

function readSampling(fields: Fields, logprobs: string | undefined): Sampling {
  const topLogprobs = fields.placedNumber('top_logprobs');
  const wants = logprobs !== undefined;
  return {
    temperature: fields.placedNumber('temperature'),
    topP: fields.placedNumber('top_p'),
    logprobs: wants ? { value: true, path: logprobs } : undefined,
    topLogprobs: wants ? topLogprobs : undefined,
  };
}

/** Fields for stored responses, which the gateway does not keep. Omits those with default values. */
function readOnly(fields: Fields): readonly OnlyField[] {
  const only: OnlyField[] = [];
  const why = 'this gateway does not store responses; send the whole input with store: false';
  for (const path of ['previous_response_id', 'conversation', 'prompt', 'background']) {
    const value = fields.any(path);
    if (value === undefined || value === false) continue;
    only.push({ path, class: 'meaning', why, value });
  }
  fields.any('stream_options');
  const truncation = fields.any('truncation');
  if (truncation !== undefined && truncation !== 'disabled') {
    only.push({
      path: 'truncation',
      class: 'tuning',
      why: 'the other API does not truncate input',
      value: truncation,
    });
  }
  return only;
}

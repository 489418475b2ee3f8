import type {
  Conversation,
  Effort,
  OnlyField,
  Output,
  OutputFormat,
  Placed,
  ReasoningWish,
  ToolChoice,
} from '../conversation.ts';
import { asObject, asString, type JsonObject, parsed } from '../json.ts';
import { effortNamed } from '../models/efforts.ts';
import { cacheMark, Fields, readBody, unknownValue } from '../request-fields.ts';
import { reading, type ReadContext, type RequestReading } from '../sides.ts';
import { readMessages } from './read-messages.ts';
import { readTools } from './read-tools.ts';

/** Reads a body of POST /v1/messages or /v1/messages/count_tokens. */
export function readRequest(text: string, context: ReadContext): RequestReading {
  return reading(() => readConversation(readBody(text), text, context));
}

function readConversation(body: JsonObject, text: string, context: ReadContext): Conversation {
  const fields = new Fields(body);
  const messages = readMessages(fields.any('system'), fields.any('messages'), text);
  const definitions = readTools(fields.list('tools') ?? [], messages);
  const outputConfig = new Fields(fields.object('output_config') ?? {}, 'output_config');
  const reasoning = readReasoning(fields, outputConfig);
  const { output, only } = readOutput(fields, outputConfig);
  const choice = new Fields(fields.object('tool_choice') ?? {}, 'tool_choice');
  const metadata = new Fields(fields.object('metadata') ?? {}, 'metadata');
  const stream = fields.boolean('stream') === true;
  const toolChoice = readChoice(choice, definitions.serverTools);
  const unknown = unknownValues(fields, outputConfig, reasoning);
  if (toolChoice === undefined && definitions.tools.length + definitions.serverTools.length > 0)
    unknown.push(...unknownValue('tool_choice', fields.any('tool_choice')));
  return {
    api: 'messages',
    model: fields.string('model') ?? '',
    operation: context.path.includes('/count_tokens') ? 'count' : 'generate',
    system: messages.system,
    turns: messages.turns,
    tools: definitions.tools,
    serverTools: definitions.serverTools,
    toolChoice,
    parallelTools: readParallel(choice),
    output,
    reasoning,
    sampling: {
      temperature: fields.placedNumber('temperature'),
      topP: fields.placedNumber('top_p'),
      topK: fields.placedNumber('top_k'),
    },
    meta: { user: readUser(metadata), serviceTier: readTier(fields) },
    stream,
    includeUsage: true,
    seesSeals: true,
    legacyFunctions: false,
    cache: cacheMark({ cache_control: fields.any('cache_control') }),
    only: [
      ...only,
      ...unknown,
      ...readOnly(fields),
      ...outputConfig.rest(),
      ...metadata.rest(),
      ...fields.rest(),
    ],
    losses: [...messages.losses, ...definitions.losses],
    echo: {},
  };
}

function readOutput(
  fields: Fields,
  config: Fields,
): { readonly output: Output; readonly only: readonly OnlyField[] } {
  const maxTokens = fields.placedNumber('max_tokens');
  const stops = (fields.list('stop_sequences') ?? []).filter((stop) => typeof stop === 'string');
  const older = fields.object('output_format');
  const format = config.object('format');
  const isWarmUp = maxTokens?.value === 0;
  const why = 'only Anthropic can fill the cache without an answer';
  return {
    output: {
      format: readFormat(format ?? older, format === undefined ? 'output_format' : 'output_config.format'),
      maxTokens: isWarmUp ? undefined : maxTokens,
      stop: stops.length === 0 ? undefined : { value: stops, path: 'stop_sequences' },
      verbosity: undefined,
    },
    only: isWarmUp ? [{ path: 'max_tokens', class: 'meaning', why, value: 0 }] : [],
  };
}

function readFormat(format: JsonObject | undefined, path: string): OutputFormat {
  const schema = asObject(format?.['schema']);
  if (format?.['type'] !== 'json_schema' || schema === undefined) return { kind: 'text' };
  return {
    kind: 'json-schema',
    name: asString(format['name']),
    description: undefined,
    schema,
    strict: undefined,
    path,
    schemaPath: `${path}.schema`,
  };
}

/** Values of known fields that mean nothing to a reader. Without its format, an answer is another one. */
function unknownValues(fields: Fields, config: Fields, wish: ReasoningWish | undefined): OnlyField[] {
  const format = config.any('format');
  const isUnread = readFormat(asObject(format), '').kind === 'text';
  const given = new Fields(fields.object('thinking') ?? {}, 'thinking');
  for (const name of ['display', 'budget_tokens']) given.any(name);
  const thinking = given.string('type');
  const isUnnamed = wish?.path !== 'output_config.effort';
  return [
    ...(isUnread ? unknownValue('output_config.format', format, 'meaning') : []),
    ...(isUnnamed ? unknownValue('output_config.effort', config.any('effort')) : []),
    ...(thinking !== undefined && !THINKING.has(thinking) ? unknownValue('thinking', thinking) : []),
    ...given.rest('only Anthropic has this field'),
  ];
}

const THINKING = new Set(['enabled', 'disabled', 'between_tools', 'adaptive']);

/** Reads the reasoning settings. The effort takes precedence over the thinking budget. */
function readReasoning(fields: Fields, config: Fields): ReasoningWish | undefined {
  const thinking = fields.object('thinking');
  const named = config.string('effort');
  if (thinking === undefined && named === undefined) return undefined;
  const effort = effortNamed(named);
  const budget = thinking?.['budget_tokens'];
  const budgetTokens = typeof budget === 'number' ? budget : undefined;
  const { kind, implied } = thinkingKind(asString(thinking?.['type']), budgetTokens);
  return {
    effort: effort ?? implied,
    budgetTokens,
    kind,
    show: thinking === undefined ? undefined : thinking['display'] !== 'omitted',
    path: effort === undefined ? 'thinking' : 'output_config.effort',
  };
}

function thinkingKind(
  type: string | undefined,
  budget: number | undefined,
): { readonly kind: ReasoningWish['kind']; readonly implied: Effort | undefined } {
  switch (type) {
    case 'enabled':
      return { kind: 'budget', implied: budget === undefined ? undefined : effortOfBudget(budget) };
    case 'disabled':
      return { kind: 'off', implied: 'none' };
    case 'between_tools':
      return { kind: 'between-tools', implied: 'low' };
    case 'adaptive':
      return { kind: 'adaptive', implied: undefined };
    case undefined:
    default:
      return { kind: undefined, implied: undefined };
  }
}

/** Maps a thinking budget in tokens to an effort. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens <= 4096) return 'low';
  return tokens <= 16_384 ? 'medium' : 'high';
}

function readChoice(
  choice: Fields,
  serverTools: readonly { readonly definition: JsonObject; readonly type: string }[],
): ToolChoice | undefined {
  const path = 'tool_choice';
  switch (choice.string('type')) {
    case 'auto':
      return { kind: 'auto', path };
    case 'none':
      return { kind: 'none', path };
    case 'any':
      return { kind: 'required', path };
    case 'tool': {
      const name = choice.string('name') ?? '';
      const server = serverTools.find(({ definition }) => definition['name'] === name);
      return server === undefined ? { kind: 'one', name, path } : { kind: 'server', type: server.type, path };
    }
    case undefined:
    default:
      return undefined;
  }
}

function readParallel(choice: Fields): Placed<boolean> | undefined {
  const disabled = choice.placedBoolean('disable_parallel_tool_use');
  return disabled?.value === true ? { value: false, path: disabled.path } : undefined;
}

function readTier(fields: Fields): Placed<string> | undefined {
  const tier = fields.placedString('service_tier');
  return tier === undefined
    ? undefined
    : { ...tier, value: tier.value === 'standard_only' ? 'default' : tier.value };
}

/** The user id without the session that Claude Code appends, so that one user keeps one id. */
function readUser(metadata: Fields): Placed<string> | undefined {
  const user = metadata.placedString('user_id');
  if (user === undefined) return undefined;
  const object = user.value.startsWith('{') ? asObject(parsed(user.value)) : undefined;
  if (object !== undefined && 'session_id' in object) {
    const { session_id: _session, ...rest } = object;
    return { ...user, value: JSON.stringify(rest) };
  }
  return { ...user, value: user.value.replace(/^(user_.*_account_.*)_session_.*$/, '$1') };
}

/** Fields that only Anthropic has and that would change the answer if dropped. */
function readOnly(fields: Fields): readonly OnlyField[] {
  const only: OnlyField[] = [];
  for (const path of ['mcp_servers', 'container']) {
    const value = fields.any(path);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    only.push({ path, class: 'meaning', why: 'only Anthropic has this field', value });
  }
  const thread = fields.object('thread');
  if (thread !== undefined) {
    // A request that continues a thread contains only its new messages.
    only.push({
      path: 'thread',
      class: 'meaning',
      why: 'only Anthropic keeps threads; send all messages',
      value: thread,
    });
  }
  return only;
}

import type { OnlyField, Placed } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { shortUser } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { type Dialect, DIALECTS } from '../models/dialects.ts';
import { openAiFacts } from '../models/openai.ts';
import { isStrictSchema } from '../schema.ts';
import { formatSchema } from './format-schema.ts';
import { toolNames } from '../tool-names.ts';
import { dropped, outputLimit, refused, stopTexts, tellOnly } from '../write-common.ts';
import { schemaInstruction } from '../instructions.ts';
import { writeEffort } from './write-effort.ts';
import { writeMessages } from './write-messages.ts';
import { writeTools } from './write-tools.ts';

/** The body of POST /v1/chat/completions for a target's dialect. */
export function writeRequest(exchange: Exchange): JsonTree {
  const { conversation, target } = exchange;
  const dialect = DIALECTS[target.dialect];
  const names = toolNames(exchange, 'openai');
  const tools = writeTools(exchange, dialect, names);
  const effort = writeEffort(exchange, dialect, tools);
  const instructions: string[] = [];
  const format = writeFormat(exchange, dialect, instructions);
  const limit = outputLimit(exchange);
  return {
    model: target.model,
    messages: writeMessages(exchange, { dialect, names, instructions }),
    ...(limit === undefined ? {} : { [dialect.tokenLimit]: limit }),
    ...(conversation.stream ? streamFields(dialect) : {}),
    ...tools,
    response_format: format,
    ...effort,
    ...writeSampling(exchange, dialect, effort['reasoning_effort'] === 'none'),
    ...writeMeta(exchange, dialect),
  };
}

function streamFields(dialect: Dialect): JsonTree {
  return { stream: true, stream_options: dialect.streamOptions ? { include_usage: true } : undefined };
}

function writeFormat(exchange: Exchange, dialect: Dialect, instructions: string[]): JsonTree | undefined {
  const { conversation, losses } = exchange;
  const { format } = conversation.output;
  if (format.kind === 'text') return undefined;
  if (format.kind === 'json') return { type: 'json_object' };
  if (!dialect.jsonSchema) {
    losses.approximated(format.path, 'the server does not accept a schema');
    instructions.push(schemaInstruction(format.schema));
    return { type: 'json_object' };
  }
  const schema = formatSchema(exchange, format, instructions);
  if (schema === undefined) return undefined;
  const { name, description } = format;
  let { strict } = format;
  if (strict === undefined && conversation.api === 'messages') {
    strict = isStrictSchema(schema);
    if (!strict) losses.approximated(format.schemaPath, 'OpenAI does not accept this schema as strict');
  }
  return { type: 'json_schema', json_schema: { name: name ?? 'output', description, schema, strict } };
}

function writeSampling(exchange: Exchange, dialect: Dialect, effortIsNone: boolean): JsonTree {
  const { conversation, target, losses } = exchange;
  const { sampling } = conversation;
  const reasons = dialect.openAiFields && openAiFacts(target.model).reasons === true;
  const why = 'a reasoning model accepts no sampling parameters';
  const free = <Value>(placed: Placed<Value> | undefined, isFree: boolean): Value | undefined =>
    isFree ? placed?.value : dropped(losses, placed, why);
  const n = conversation.stream && sampling.n !== undefined ? undefined : sampling.n?.value;
  if (conversation.stream) refused(losses, sampling.n, 'a translated stream can have only one choice');
  return {
    temperature: free(sampling.temperature, !reasons || effortIsNone),
    top_p: free(sampling.topP, !reasons || effortIsNone),
    top_k: dialect.topK ? sampling.topK?.value : dropped(losses, sampling.topK, 'the API has no such field'),
    frequency_penalty: free(sampling.frequencyPenalty, !reasons),
    presence_penalty: free(sampling.presencePenalty, !reasons),
    logit_bias: free(sampling.logitBias, !reasons),
    [dialect.seed]: sampling.seed?.value,
    n,
    logprobs: sampling.logprobs?.value,
    top_logprobs: sampling.topLogprobs?.value,
    stop: writeStop(exchange, dialect),
    verbosity: writeVerbosity(exchange, dialect),
  };
}

function writeStop(exchange: Exchange, dialect: Dialect): readonly string[] | undefined {
  const { losses } = exchange;
  const stop = stopTexts(exchange, { takesSpace: true });
  if (stop === undefined || stop.value.length <= dialect.maxStops) return stop?.value;
  return refused(losses, stop, `the API accepts at most ${dialect.maxStops} stop sequences`);
}

function writeVerbosity({ conversation, target, losses }: Exchange, dialect: Dialect): string | undefined {
  const { verbosity } = conversation.output;
  if (verbosity === undefined) return undefined;
  if (!dialect.openAiFields) return dropped(losses, verbosity, 'the API has no such field');
  const fits = openAiFacts(target.model).reasons !== false || verbosity.value === 'medium';
  return fits ? verbosity.value : dropped(losses, verbosity, 'the model accepts only the verbosity medium');
}

function writeMeta(exchange: Exchange, dialect: Dialect): JsonTree {
  const { conversation, losses } = exchange;
  const { meta } = conversation;
  const own = <Value>(placed: Placed<Value> | undefined, has = dialect.openAiFields): Value | undefined =>
    has ? placed?.value : dropped(losses, placed, 'the server has no such field');
  const tree: JsonTree = {
    ...writeUser(exchange, dialect),
    metadata: own(meta.metadata),
    service_tier: own(meta.serviceTier, dialect.serviceTier),
    prompt_cache_key: own(meta.cacheKey),
    store: meta.store?.value === true ? own(meta.store) : undefined,
  };
  tellOnly(exchange, (field) => {
    const carries = dialect.openAiFields && isShared(field);
    if (carries) tree[field.path] = field.value;
    return carries;
  });
  return tree;
}

/** Whether Responses has a field with the same name. */
function isShared({ path }: OnlyField): boolean {
  return path === 'prompt_cache_retention' || path === 'prompt_cache_options' || path === 'moderation';
}

const MAX_USER_CHARS = 128;

function writeUser({ conversation, target, losses }: Exchange, dialect: Dialect): JsonTree {
  const { user } = conversation.meta;
  if (user === undefined) return {};
  if (dialect.user === 'none') return dropped(losses, user, 'the server has no such field') ?? {};
  const isDated = target.apiVersion !== undefined && target.apiVersion !== 'v1';
  const field = user.path === 'user' || (target.dialect === 'azure' && isDated) ? 'user' : dialect.user;
  if (field === 'user' && !dialect.openAiFields) return { user: user.value };
  const short = shortUser(user.value, MAX_USER_CHARS);
  if (short !== user.value) losses.approximated(user.path, `longer than ${MAX_USER_CHARS} characters`);
  return { [field]: short };
}

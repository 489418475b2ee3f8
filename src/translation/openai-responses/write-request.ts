import type { OnlyField, Placed } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { shortUser } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { DIALECTS } from '../models/dialects.ts';
import { effortIn } from '../models/efforts.ts';
import { openAiFacts } from '../models/openai.ts';
import { formatSchema } from '../openai-chat/format-schema.ts';
import { isStrictSchema } from '../schema.ts';
import { toolNames } from '../tool-names.ts';
import { dropped, outputLimit, refused, stopTexts, tellOnly } from '../write-common.ts';
import { writeInput } from './write-input.ts';
import { writeTools } from './write-tools.ts';

/** The minimum of `max_output_tokens` that the API accepts. */
const MIN_OUTPUT = 16;

/** The body of POST /v1/responses. The provider must not store the response, so it returns its reasoning sealed. */
export function writeRequest(exchange: Exchange): JsonTree {
  const { conversation, target } = exchange;
  const names = toolNames(exchange, 'openai');
  const reasons = target.efforts?.length === 0 ? false : openAiFacts(target.model).reasons;
  const tools = writeTools(exchange, names);
  const sentences: string[] = [];
  const text = writeText(exchange, reasons, sentences);
  const { instructions, input } = writeInput(exchange, names, sentences);
  const effort = writeEffort(exchange, reasons);
  return {
    model: target.model,
    instructions,
    input,
    max_output_tokens: writeLimit(exchange),
    stream: conversation.stream ? true : undefined,
    store: conversation.meta.store?.value === true,
    include: writeInclude(exchange, reasons),
    reasoning: effort === undefined ? undefined : { effort },
    text,
    ...tools,
    ...writeSampling(exchange, reasons === true, effort === 'none'),
    ...writeMeta(exchange),
  };
}

function writeLimit(exchange: Exchange): number | undefined {
  const limit = outputLimit(exchange);
  if (limit === undefined || limit >= MIN_OUTPUT) return limit;
  const path = exchange.conversation.output.maxTokens?.path ?? 'max_output_tokens';
  exchange.losses.approximated(path, `the API accepts no limit below ${MIN_OUTPUT}`);
  return MIN_OUTPUT;
}

function writeInclude(
  { conversation }: Exchange,
  reasons: boolean | undefined,
): readonly string[] | undefined {
  const include = reasons === false ? [] : ['reasoning.encrypted_content'];
  if (conversation.sampling.logprobs !== undefined) include.push('message.output_text.logprobs');
  return include.length === 0 ? undefined : include;
}

/** Writes the effort. A model that always reasons gets its lowest effort. */
function writeEffort(
  { conversation, target, losses }: Exchange,
  reasons: boolean | undefined,
): string | undefined {
  const wish = conversation.reasoning;
  if (wish === undefined || wish.effort === undefined) return undefined;
  if (reasons === false) {
    if (wish.effort !== 'none') losses.dropped(wish.path, 'the model does not reason');
    return undefined;
  }
  const efforts = [...DIALECTS[target.dialect].efforts, ...(target.efforts ?? [])];
  const { sent, isExact } = effortIn(wish.effort, efforts, true);
  if (!isExact) losses.approximated(wish.path, `the model does not accept the effort ${wish.effort}`);
  return sent;
}

function writeText(
  exchange: Exchange,
  reasons: boolean | undefined,
  instructions: string[],
): JsonTree | undefined {
  const { verbosity } = exchange.conversation.output;
  const fits = reasons !== false || verbosity?.value === 'medium';
  const format = writeFormat(exchange, instructions);
  const written = fits
    ? verbosity?.value
    : dropped(exchange.losses, verbosity, 'the model accepts only the verbosity medium');
  return format === undefined && written === undefined ? undefined : { format, verbosity: written };
}

function writeFormat(exchange: Exchange, instructions: string[]): JsonTree | undefined {
  const { conversation, losses } = exchange;
  const { format } = conversation.output;
  if (format.kind === 'text') return undefined;
  if (format.kind === 'json') return { type: 'json_object' };
  const schema = formatSchema(exchange, format, instructions);
  if (schema === undefined) return undefined;
  const { name, description } = format;
  let { strict } = format;
  if (strict === undefined && conversation.api === 'messages') {
    strict = isStrictSchema(schema);
    if (!strict) losses.approximated(format.schemaPath, 'OpenAI does not accept this schema as strict');
  }
  return { type: 'json_schema', name: name ?? 'output', description, schema, strict };
}

function writeSampling(exchange: Exchange, isReasoning: boolean, effortIsNone: boolean): JsonTree {
  const { conversation, losses } = exchange;
  const { sampling } = conversation;
  const none = 'the API has no such field';
  for (const placed of [
    sampling.topK,
    sampling.frequencyPenalty,
    sampling.presencePenalty,
    sampling.seed,
    sampling.logitBias,
  ] as readonly (Placed<unknown> | undefined)[]) {
    dropped(losses, placed, none);
  }
  refused(losses, stopTexts(exchange, { takesSpace: true }), 'the API accepts no stop sequences');
  refused(losses, sampling.n, 'the API returns only one answer');
  const why = 'a reasoning model accepts no sampling parameters';
  const isFree = !isReasoning || effortIsNone;
  return {
    temperature: isFree ? sampling.temperature?.value : dropped(losses, sampling.temperature, why),
    top_p: isFree ? sampling.topP?.value : dropped(losses, sampling.topP, why),
    top_logprobs: sampling.topLogprobs?.value,
  };
}

const MAX_USER_CHARS = 128;

function writeMeta(exchange: Exchange): JsonTree {
  const { conversation, target, losses } = exchange;
  const { user, metadata, serviceTier, cacheKey } = conversation.meta;
  const tier =
    target.dialect === 'azure'
      ? dropped(losses, serviceTier, 'the server has no such field')
      : serviceTier?.value;
  const tree: JsonTree = { metadata: metadata?.value, service_tier: tier, prompt_cache_key: cacheKey?.value };
  if (user !== undefined) {
    const short = shortUser(user.value, MAX_USER_CHARS);
    if (short !== user.value) losses.approximated(user.path, `longer than ${MAX_USER_CHARS} characters`);
    tree[user.path === 'user' ? 'user' : 'safety_identifier'] = short;
  }
  tellOnly(exchange, (field) => {
    const carries = isShared(field);
    if (carries) tree[field.path] = field.value;
    return carries;
  });
  return tree;
}

/** Whether Chat has a field with the same name. */
function isShared({ path }: OnlyField): boolean {
  return path === 'prompt_cache_retention' || path === 'prompt_cache_options' || path === 'moderation';
}

import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import { knownMaxOutput } from '../models/max-output.ts';
import { toolNames } from '../tool-names.ts';
import { dropped, outputLimit, refused, stopTexts, tellOnly } from '../write-common.ts';
import { CacheMarks } from './cache-marks.ts';
import { type ConverseFamily, converseFamily } from './families.ts';
import { writeFormat } from './write-format.ts';
import { writeMessages } from './write-messages.ts';
import { writeReasoning } from './write-reasoning.ts';
import { isForced, writeToolConfig } from './write-tools.ts';

/**
 * The body of `POST /model/{id}/converse` and `/converse-stream`
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
 */
export function writeRequest(exchange: Exchange): JsonTree {
  const { conversation, target } = exchange;
  const family = converseFamily(target);
  const names = toolNames(exchange, 'converse');
  const marks = new CacheMarks(conversation);
  const instructions: string[] = [];
  const tools = writeToolConfig(exchange, { family, names, marks, instructions });
  const maxTokens = writeMaxTokens(exchange);
  const reasoning = writeReasoning(exchange, family, { maxTokens, forced: isForced(tools) });
  const format = writeFormat(exchange, family, { tools, instructions, isThinking: reasoning.isThinking });
  const system = [
    ...conversation.system.flatMap(({ text, cache }) => [{ text }, ...marks.behind(cache)]),
    ...instructions.map((text) => ({ text })),
  ];
  const { fields } = reasoning;
  return {
    system: system.length === 0 ? undefined : system,
    messages: writeMessages(exchange, { family, names, marks, hasTools: tools !== 'none' }),
    inferenceConfig: {
      maxTokens: reasoning.limitless ? undefined : maxTokens,
      ...writeSampling(exchange, family, { fields, isThinking: reasoning.isThinking }),
    },
    toolConfig: format.toolConfig ?? (tools === 'none' ? undefined : tools),
    outputConfig: format.outputConfig,
    additionalModelRequestFields: Object.keys(fields).length === 0 ? undefined : fields,
    ...writeMeta(exchange),
  };
}

const DEFAULT_MAX_TOKENS = 8192;

/** Always sent, because the service's default of 4096 truncates answers silently. */
function writeMaxTokens(exchange: Exchange): number {
  const { target, losses } = exchange;
  const limit = outputLimit(exchange) ?? target.maxOutputTokens ?? knownMaxOutput(target.model);
  if (limit !== undefined) return limit;
  losses.approximated('max_tokens', 'the service requires a limit, and none is known for the model');
  return DEFAULT_MAX_TOKENS;
}

function writeSampling(
  exchange: Exchange,
  family: ConverseFamily,
  { fields, isThinking }: { readonly fields: JsonTree; readonly isThinking: boolean },
): JsonTree {
  const { conversation, losses } = exchange;
  noteMissingSettings(exchange);
  const { temperature, topP, topK } = conversation.sampling;
  const takesNone = family.claude !== undefined && (family.claude.sampling === 'none' || isThinking);
  if (takesNone) {
    const why = isThinking
      ? 'not accepted together with thinking'
      : 'the model accepts no sampling parameters';
    for (const placed of [temperature, topP, topK]) dropped(losses, placed, why);
    return { stopSequences: writeStops(exchange, family) };
  }
  if (family.claude === undefined) dropped(losses, topK, NO_FIELD);
  else if (topK !== undefined) fields['top_k'] = topK.value;
  const isCut = temperature !== undefined && temperature.value > MAX_TEMPERATURE;
  if (isCut) losses.approximated(temperature.path, `limited to ${MAX_TEMPERATURE}`);
  const hasBoth = temperature !== undefined && !family.takesBoth;
  return {
    temperature: isCut ? MAX_TEMPERATURE : temperature?.value,
    topP: hasBoth ? dropped(losses, topP, 'not accepted together with a temperature') : topP?.value,
    stopSequences: writeStops(exchange, family),
  };
}

const NO_FIELD = 'the API has no such field';

/** Reports the settings that no model of the Converse API accepts. */
function noteMissingSettings({ conversation, losses }: Exchange): void {
  const { sampling, output } = conversation;
  const { frequencyPenalty, presencePenalty, seed, logitBias } = sampling;
  for (const placed of [frequencyPenalty, presencePenalty, seed, logitBias, output.verbosity])
    dropped(losses, placed, NO_FIELD);
  refused(losses, sampling.n, 'the API returns only one answer');
  refused(losses, sampling.logprobs ?? sampling.topLogprobs, 'the API returns no log probabilities');
}

function writeStops(exchange: Exchange, { takesStops }: ConverseFamily): unknown {
  const stop = stopTexts(exchange, { takesSpace: false });
  if (!takesStops) return refused(exchange.losses, stop, 'the model accepts no stop sequences');
  return stop?.value;
}

const TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority']);

function writeMeta(exchange: Exchange): JsonTree {
  const { conversation, losses } = exchange;
  const { meta } = conversation;
  const why = 'the API has no such field';
  dropped(losses, meta.user, why);
  dropped(losses, meta.cacheKey, why);
  if (meta.store?.value === true) dropped(losses, meta.store, why);
  tellOnly(exchange);
  const tier = meta.serviceTier?.value;
  // The tiers of Anthropic concern its own capacity; only OpenAI's mean the same at Bedrock.
  const hasTier = tier !== undefined && conversation.api !== 'messages' && TIERS.has(tier);
  if (!hasTier) dropped(losses, meta.serviceTier, 'the service has no such tier');
  return {
    requestMetadata: writeMetadata(exchange),
    serviceTier: hasTier ? { type: tier } : undefined,
  };
}

/** The entries that the service accepts: at most 16, of texts in its own set of characters. */
function writeMetadata({ conversation, losses }: Exchange): JsonTree | undefined {
  const { metadata } = conversation.meta;
  if (metadata === undefined) return undefined;
  const given = Object.entries(metadata.value);
  const fitting = given.filter(
    ([key, value]) => METADATA_KEY.test(key) && typeof value === 'string' && METADATA_VALUE.test(value),
  );
  const kept = fitting.slice(0, MAX_METADATA);
  if (kept.length < given.length) losses.dropped(metadata.path, 'the service does not accept all entries');
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const MAX_METADATA = 16;
const METADATA_KEY = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const METADATA_VALUE = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;

/** The API's limit for every model (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html). */
const MAX_TEMPERATURE = 1;

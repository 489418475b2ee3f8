import type { Placed } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import { shortUser } from '../ids.ts';
import type { JsonTree } from '../json.ts';
import { claudeFamily, type ClaudeFamily } from '../models/claude.ts';
import { toolNames } from '../tool-names.ts';
import { dropped, outputLimit, refused, stopTexts, tellOnly } from '../write-common.ts';
import { knownMaxOutput } from '../models/max-output.ts';
import { cacheControl } from './cache-control.ts';
import { writeFormat } from './write-format.ts';
import { writeMessages } from './write-messages.ts';
import { writeThinking } from './write-thinking.ts';
import { isForced, writeTools, type WrittenTools } from './write-tools.ts';
import { ownValue } from '../../lib/own-value.ts';

/** The body of POST /v1/messages for Claude, with any carrier, or for another model served through this API. */
export function writeRequest(exchange: Exchange): JsonTree {
  const { conversation, target } = exchange;
  const family = claudeFamily(target.model, target.carriage, target.claude);
  const names = toolNames(exchange, 'messages');
  const instructions: string[] = [];
  const tools = writeTools(exchange, { family, names, instructions });
  const maxTokens = writeMaxTokens(exchange, family);
  const thinking = writeThinking(exchange, { family, maxTokens, forced: isForced(tools) });
  const isThinking = thinking.thinking !== undefined && thinking.thinking['type'] !== 'disabled';
  const format = writeFormat(exchange, { family, instructions, tools, isThinking });
  const outputConfig = { effort: thinking.effort, format: format.format };
  const written: WrittenTools = format.tools ?? tools;
  const system = [
    ...conversation.system.map(({ text, cache }) => ({ type: 'text', text, ...cacheControl(cache) })),
    ...instructions.map((text) => ({ type: 'text', text })),
  ];
  const tree: JsonTree = {
    model: target.model,
    max_tokens: maxTokens,
    system: system.length === 0 ? undefined : system,
    messages: writeMessages(exchange, { family, names }),
    stream: conversation.stream ? true : undefined,
    ...written,
    thinking: thinking.thinking,
    output_config: Object.values(outputConfig).some((value) => value !== undefined)
      ? outputConfig
      : undefined,
    ...writeSampling(exchange, family, isThinking),
    ...writeMeta(exchange),
  };
  if (target.autoCache === true && target.carriage === undefined)
    tree['cache_control'] = { type: 'ephemeral' };
  return tree;
}

/**
 * The API requires this field. Without a client limit, it is the highest that the route and the model family allow. A
 * limit of 0 asks for no answer, only for a filled prompt cache, and no other API means that by it.
 */
function writeMaxTokens(exchange: Exchange, family: ClaudeFamily): number {
  const { conversation, target, losses } = exchange;
  const isZero = conversation.output.maxTokens?.value === 0;
  if (isZero) refused(losses, conversation.output.maxTokens, 'a limit of 0 asks the API for no answer');
  const limit = isZero ? undefined : outputLimit(exchange);
  if (limit !== undefined) return limit;
  const known = knownMaxOutput(target.model) ?? (family.known ? family.maxOutput : undefined);
  if (target.maxOutputTokens !== undefined)
    return Math.min(target.maxOutputTokens, known ?? Number.POSITIVE_INFINITY);
  if (known === undefined)
    losses.approximated('max_tokens', 'the API requires a limit, and none is known for the model');
  return known ?? family.maxOutput;
}

function writeSampling(exchange: Exchange, family: ClaudeFamily, isThinking: boolean): JsonTree {
  const { conversation, losses } = exchange;
  const { sampling } = conversation;
  const none = 'the API has no such field';
  dropped(losses, sampling.seed, none);
  dropped(losses, sampling.logitBias, none);
  dropped(losses, sampling.frequencyPenalty, none);
  dropped(losses, sampling.presencePenalty, none);
  dropped(losses, conversation.output.verbosity, none);
  refused(losses, sampling.n, 'the API returns only one answer');
  refused(losses, sampling.logprobs, 'the API returns no log probabilities');
  if (sampling.logprobs === undefined)
    refused(losses, sampling.topLogprobs, 'the API returns no log probabilities');
  const stop_sequences = stopTexts(exchange, { takesSpace: false })?.value;
  if (family.sampling === 'none' || isThinking) {
    const why = isThinking
      ? 'not accepted together with thinking'
      : 'the model accepts no sampling parameters';
    for (const placed of [sampling.temperature, sampling.topP, sampling.topK]) dropped(losses, placed, why);
    return { stop_sequences };
  }
  const { temperature, topP, topK } = sampling;
  if (temperature !== undefined && temperature.value > 1)
    losses.approximated(temperature.path, 'limited to 1');
  const hasBoth = temperature !== undefined && family.sampling === 'one';
  return {
    stop_sequences,
    temperature: temperature === undefined ? undefined : Math.min(1, temperature.value),
    top_p: hasBoth ? dropped(losses, topP, 'not accepted together with a temperature') : topP?.value,
    top_k: topK?.value,
  };
}

const MAX_USER_CHARS = 256;

function writeUser({ conversation, losses }: Exchange): JsonTree | undefined {
  const { user } = conversation.meta;
  if (user === undefined) return undefined;
  const short = shortUser(user.value, MAX_USER_CHARS);
  if (short !== user.value) losses.approximated(user.path, `longer than ${MAX_USER_CHARS} characters`);
  return { user_id: short };
}

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' };

function writeMeta(exchange: Exchange): JsonTree {
  const { conversation, target, losses } = exchange;
  const { meta } = conversation;
  const why = 'the API has no such field';
  for (const placed of [meta.metadata, meta.cacheKey] as readonly (Placed<unknown> | undefined)[]) {
    dropped(losses, placed, why);
  }
  if (meta.store?.value === true) dropped(losses, meta.store, why);
  tellOnly(exchange);
  const tier = target.carriage === undefined ? ownValue(TIERS, meta.serviceTier?.value ?? '') : undefined;
  if (tier === undefined) dropped(losses, meta.serviceTier, 'the provider has no such tier');
  return { metadata: writeUser(exchange), service_tier: tier };
}

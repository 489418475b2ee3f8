import { isObject, type JsonObject } from '../json.ts';
import { anyObject, between, type Fields, flag, integer, Misfit, nullable, oneOf, text } from './shape.ts';

/** Fields that Chat and Responses share. */
export const SHARED_FIELDS: Fields = {
  metadata: nullable(anyObject),
  moderation: nullable(anyObject),
  parallel_tool_calls: nullable(flag),
  prompt_cache_key: nullable(text),
  prompt_cache_options: anyObject,
  prompt_cache_retention: nullable(oneOf('in_memory', 'in-memory', '24h')),
  safety_identifier: nullable(text),
  service_tier: nullable(oneOf('auto', 'default', 'flex', 'scale', 'priority', 'fast')),
  store: nullable(flag),
  temperature: nullable(between(0, 2)),
  top_logprobs: nullable(integer),
  top_p: nullable(between(0, 1)),
  user: text,
};

/** Checks limits that no type expresses: those of metadata and of identifiers. Throws `Misfit`. */
export function openAiNumbers(body: JsonObject): void {
  const { metadata, safety_identifier: identifier } = body;
  if (isObject(metadata) && Object.keys(metadata).length > 16)
    throw new Misfit('rule', ['metadata'], 'at most 16 properties are allowed.');
  if (typeof identifier === 'string' && identifier.length > 128)
    throw new Misfit('rule', ['safety_identifier'], 'string too long: at most 128 characters.');
}

/** Whether an OpenAI model reasons; undefined: unknown model. */
export function reasons(model: string): boolean | undefined {
  if (/^gpt-5-chat|^gpt-[34]|^chatgpt-/.test(model)) return false;
  return /^o\d|^gpt-[5-9]/.test(model) ? true : undefined;
}

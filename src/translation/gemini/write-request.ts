import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import { geminiFacts } from '../models/gemini.ts';
import { toolNames } from '../tool-names.ts';
import { dropped, tellOnly } from '../write-common.ts';
import { jsonInstruction, writeConfig } from './write-config.ts';
import { writeContents } from './write-contents.ts';
import { writeTools } from './write-tools.ts';

/** The body of `:generateContent` and `:streamGenerateContent`, for AI Studio and Vertex AI. */
export function writeRequest(exchange: Exchange): JsonTree {
  tellMeta(exchange);
  return { ...writePrompt(exchange), generationConfig: writeConfig(exchange) };
}

/** The body of `:countTokens`. AI Studio counts tools and the system text only inside `generateContentRequest`. */
export function writeCount(exchange: Exchange): JsonTree {
  const { target } = exchange;
  const prompt = writePrompt(exchange);
  if (target.carriage === 'vertex') return prompt;
  return { generateContentRequest: { model: `models/${target.model}`, ...prompt } };
}

function writePrompt(exchange: Exchange): JsonTree {
  const { conversation, target } = exchange;
  const names = toolNames(exchange, 'gemini');
  const facts = geminiFacts(target.model);
  const texts = [...conversation.system.map(({ text }) => text), ...jsonInstruction(exchange, facts)];
  const system = texts.map((text) => ({ text }));
  return {
    systemInstruction: system.length === 0 ? undefined : { parts: system },
    contents: writeContents(exchange, { facts, names }),
    ...writeTools(exchange, names),
  };
}

/** Records the fields about the user and the request, all of which Gemini lacks. */
function tellMeta(exchange: Exchange): void {
  const { conversation, losses } = exchange;
  const { meta, output } = conversation;
  const why = 'the API has no such field';
  for (const placed of [meta.user, meta.metadata, meta.serviceTier, meta.cacheKey, output.verbosity]) {
    dropped(losses, placed, why);
  }
  if (meta.store?.value === true) dropped(losses, meta.store, why);
  dropped(losses, conversation.sampling.logitBias, why);
  tellOnly(exchange);
}

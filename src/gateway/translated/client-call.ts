import { GEMINI_VERBS } from '../../protocols/error-body.ts';
import type { ProtocolName } from '../../protocols/protocol.ts';
import type { ClientApi } from '../../translation/conversation.ts';

/** A call of an API that can be translated. */
export interface ClientCall {
  readonly api: ClientApi;
  readonly operation: 'generate' | 'count' | 'embed';
}

/**
 * Returns the call that a request makes, from its method, path and protocol; undefined for requests that are only
 * passed through.
 */
export function clientCallOf(
  { method, path }: { readonly method: string; readonly path: string },
  protocol: ProtocolName,
): ClientCall | undefined {
  if (method !== 'POST') return undefined;
  const call = CALLS[protocol];
  if (call !== undefined) return call;
  if (COUNTS_MESSAGES.test(path)) return COUNT_MESSAGES;
  if (COUNTS_RESPONSES.test(path)) return COUNT_RESPONSES;
  return geminiCall(path);
}

const CALLS: Readonly<Record<ProtocolName, ClientCall | undefined>> = {
  'openai-chat': { api: 'chat', operation: 'generate' },
  'openai-completions': { api: 'completions', operation: 'generate' },
  'openai-responses': { api: 'responses', operation: 'generate' },
  'openai-embeddings': { api: 'embeddings', operation: 'embed' },
  'anthropic-messages': { api: 'messages', operation: 'generate' },
  // Their paths decide.
  gemini: undefined,
  'gemini-embeddings': undefined,
  'token-count': undefined,
  opaque: undefined,
};

const COUNTS_MESSAGES = /^(?:\/v\d+|\/anthropic)*\/messages\/count_tokens$/;
const COUNTS_RESPONSES = /^(?:\/v\d+)?\/responses\/input_tokens$/;
const COUNT_MESSAGES: ClientCall = { api: 'messages', operation: 'count' };
const COUNT_RESPONSES: ClientCall = { api: 'responses', operation: 'count' };

function geminiCall(path: string): ClientCall | undefined {
  const colon = path.lastIndexOf(':');
  if (colon === -1 || !path.includes('/models/')) return undefined;
  const verb = path.slice(colon + 1);
  return GEMINI_VERBS.has(verb) ? GEMINI_CALLS[verb] : undefined;
}

const GEMINI_CALLS: Readonly<Record<string, ClientCall>> = {
  generateContent: { api: 'gemini', operation: 'generate' },
  streamGenerateContent: { api: 'gemini', operation: 'generate' },
  countTokens: { api: 'gemini', operation: 'count' },
  embedContent: { api: 'gemini', operation: 'embed' },
  batchEmbedContents: { api: 'gemini', operation: 'embed' },
};

import { rememberLast } from '../lib/remember-last.ts';
import { anthropicMessages } from './anthropic-messages/anthropic-messages.ts';
import { gemini } from './gemini/gemini.ts';
import { geminiEmbeddings } from './gemini/gemini-embeddings.ts';
import { opaque } from './opaque/opaque.ts';
import { openaiChat } from './openai-chat/openai-chat.ts';
import { openaiCompletions } from './openai-completions/openai-completions.ts';
import { openaiEmbeddings } from './openai-embeddings/openai-embeddings.ts';
import { openaiResponses } from './openai-responses/openai-responses.ts';
import type { Protocol, ProtocolName } from './protocol.ts';
import { tokenCount } from './token-count/token-count.ts';

/** Returns the protocol of an endpoint, determined by the end of its path (without the query). */
export function protocolFor(path: string): Protocol {
  return path === '/v1/chat/completions' ? openaiChat : protocolOf(path);
}

export function protocolNamed(name: ProtocolName): Protocol {
  return PROTOCOLS[name];
}

const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-completions': openaiCompletions,
  'openai-responses': openaiResponses,
  'openai-embeddings': openaiEmbeddings,
  'anthropic-messages': anthropicMessages,
  gemini,
  'gemini-embeddings': geminiEmbeddings,
  'token-count': tokenCount,
  opaque,
};

function protocolOf(path: string): Protocol {
  const segments = path.split('/').filter((segment) => segment !== '');
  const before = segments.at(-2);
  const last = segments.at(-1) ?? '';
  switch (last) {
    case 'completions':
      return before === 'chat' ? openaiChat : openaiCompletions;
    case 'responses':
      return openaiResponses;
    case 'embeddings':
      return openaiEmbeddings;
    case 'messages':
      // Threads of the Assistants API and stored completions also have a `messages` path.
      return before === undefined || /^(?:v\d+|anthropic)$/.test(before) ? anthropicMessages : opaque;
    case 'count_tokens':
      return before === 'messages' ? tokenCount : opaque;
    case 'input_tokens':
      return before === 'responses' ? tokenCount : opaque;
    default:
      return BY_VERB.get(last.slice(last.lastIndexOf(':') + 1)) ?? opaque;
  }
}

/** The verbs behind a model in Gemini's paths. */
const BY_VERB: ReadonlyMap<string, Protocol> = new Map([
  ['generateContent', gemini],
  ['streamGenerateContent', gemini],
  ['countTokens', tokenCount],
  ['embedContent', geminiEmbeddings],
  ['batchEmbedContents', geminiEmbeddings],
]);

/**
 * Whether a POST to this path makes a model generate its answer, which may take minutes: chat, completions,
 * responses, messages, images, audio, and Gemini's verbs.
 */
export const isGenerated = rememberLast((path): boolean => {
  const last = path.slice(path.lastIndexOf('/') + 1);
  return (
    GENERATING.has(last) || MEDIA.test(path) || GENERATING_VERBS.has(last.slice(last.lastIndexOf(':') + 1))
  );
});

const GENERATING: ReadonlySet<string> = new Set(['completions', 'responses', 'messages']);
const MEDIA = /\/(?:images|audio)\/[a-z]+$/;
const GENERATING_VERBS: ReadonlySet<string> = new Set(['generateContent', 'predict', 'rawPredict']);

/** Whether the path or query asks for an event stream, for APIs whose body cannot: Gemini's verbs, `?stream=true`. */
export function asksForStream(path: string, search: string): boolean {
  return STREAM_VERB.test(path) || (search !== '' && STREAM_QUERY.test(search));
}

const STREAM_VERB = /:stream[A-Za-z]+$/;
const STREAM_QUERY = /[?&](?:stream=(?:true|1)|alt=sse)(?:&|$)/;

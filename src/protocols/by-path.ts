import { anthropicMessages } from './anthropic-messages/anthropic-messages.ts';
import { opaque } from './opaque/opaque.ts';
import { openaiChat } from './openai-chat/openai-chat.ts';
import { openaiCompletions } from './openai-completions/openai-completions.ts';
import { openaiEmbeddings } from './openai-embeddings/openai-embeddings.ts';
import { openaiResponses } from './openai-responses/openai-responses.ts';
import type { Protocol } from './protocol.ts';

/** The protocol of an endpoint, told by the end of its path (without the query). */
export function protocolFor(path: string): Protocol {
  return path === '/v1/chat/completions' ? openaiChat : protocolOf(path);
}

function protocolOf(path: string): Protocol {
  const segments = path.split('/').filter((segment) => segment !== '');
  const before = segments.at(-2);
  switch (segments.at(-1) ?? '') {
    case 'completions':
      return before === 'chat' ? openaiChat : openaiCompletions;
    case 'responses':
      return openaiResponses;
    case 'embeddings':
      return openaiEmbeddings;
    case 'messages':
      // A thread of the Assistants API, and a stored completion, have messages as well.
      return before === undefined || /^(?:v\d+|anthropic)$/.test(before) ? anthropicMessages : opaque;
    default:
      return opaque;
  }
}

import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { messagesEvents } from './conversations.ts';
import { clientEvents } from './golden-case.ts';
import { exchangeFor } from './stream-play.ts';

type MessagesAnswer = Parameters<typeof messagesEvents>[0];

/** The name of an event, and its data. */
type Event = [name: string, data: Uint8Array];

/** How a provider says one and the same answer, whole and streamed. */
export interface Forms {
  readonly whole: (answer: MessagesAnswer) => Promise<unknown>;
  readonly stream: (answer: MessagesAnswer) => Promise<Event[]>;
}

const encoded = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

/** The forms of an API that has clients too: as the gateway writes Anthropic's answer for them. */
function translated(api: ClientApi, request: Record<string, unknown>): Forms {
  const exchangeOf = () => exchangeFor({ from: api, to: 'messages', request });
  return {
    async whole(answer) {
      const exchange = await exchangeOf();
      const written = (await translationFor(api, 'messages', exchange.target)).answer(
        JSON.stringify(answer),
        exchange,
      );
      if (written.kind !== 'answer') throw new Error(written.error.message);
      return JSON.parse(written.body);
    },
    async stream(answer) {
      const exchange = await exchangeOf();
      const stream = (await translationFor(api, 'messages', exchange.target)).stream(exchange);
      const bytes = messagesEvents(answer).flatMap((event) => stream.push('', encoded(event)).bytes);
      const text = bytes.map((piece) => new TextDecoder().decode(wholePiece(piece))).join('');
      if (api === 'gemini') return (JSON.parse(text) as unknown[]).map((chunk) => ['', encoded(chunk)]);
      return clientEvents(text).map(({ event = '', data }) => [event, encoded(data)]);
    },
  };
}

const STOPS: Readonly<Record<string, string>> = { tool_use: 'tool_use', end_turn: 'end_turn' };

function converseBlock(block: Record<string, unknown>): object {
  switch (block['type']) {
    case 'text':
      return { text: block['text'] };
    case 'thinking':
      return {
        reasoningContent: {
          reasoningText: { text: block['thinking'], signature: block['signature'] },
        },
      };
    case 'redacted_thinking':
      return { reasoningContent: { redactedContent: block['data'] } };
    default:
      return { toolUse: { toolUseId: block['id'], name: block['name'], input: block['input'] } };
  }
}

const USAGE = { inputTokens: 9, outputTokens: 7, cacheReadInputTokens: 3, totalTokens: 19 };

/** A Converse stream: a text has no start event, the usage comes last. */
function converseEvents({ content, stop_reason }: MessagesAnswer): Event[] {
  const events: Event[] = [['messageStart', encoded({ role: 'assistant' })]];
  content.forEach((block, contentBlockIndex) => {
    const delta = (inner: object) =>
      events.push(['contentBlockDelta', encoded({ contentBlockIndex, delta: inner })]);
    if (block['type'] === 'text') delta({ text: block['text'] });
    else if (block['type'] === 'thinking') {
      delta({ reasoningContent: { text: block['thinking'] } });
      delta({ reasoningContent: { signature: block['signature'] } });
    } else if (block['type'] === 'redacted_thinking')
      delta({ reasoningContent: { redactedContent: block['data'] } });
    else {
      const start = { toolUse: { toolUseId: block['id'], name: block['name'] } };
      events.push(['contentBlockStart', encoded({ contentBlockIndex, start })]);
      const json = JSON.stringify(block['input']);
      for (const piece of [json.slice(0, 3), json.slice(3)]) delta({ toolUse: { input: piece } });
    }
    events.push(['contentBlockStop', encoded({ contentBlockIndex })]);
  });
  events.push(['messageStop', encoded({ stopReason: STOPS[stop_reason] })]);
  events.push(['metadata', encoded({ usage: USAGE, metrics: { latencyMs: 1 } })]);
  return events;
}

export const FORMS: Readonly<Record<ProviderApi, Forms>> = {
  chat: translated('chat', { stream_options: { include_usage: true } }),
  responses: translated('responses', { input: 'x', include: ['reasoning.encrypted_content'] }),
  gemini: translated('gemini', { contents: [{ role: 'user', parts: [{ text: 'x' }] }] }),
  messages: {
    whole: (answer) => Promise.resolve(answer),
    stream: (answer) =>
      Promise.resolve(messagesEvents(answer).map((event) => [String(event['type']), encoded(event)])),
  },
  converse: {
    whole: ({ content, stop_reason }) =>
      Promise.resolve({
        output: { message: { role: 'assistant', content: content.map(converseBlock) } },
        stopReason: STOPS[stop_reason],
        usage: USAGE,
        metrics: { latencyMs: 1 },
      }),
    stream: (answer) => Promise.resolve(converseEvents(answer)),
  },
};

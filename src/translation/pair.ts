import { AnswerCollector, eventsOf, withFinish } from './answer-events.ts';
import type { Answer, AnswerReading } from './answer.ts';
import type { ClientApi, Conversation, ProviderApi } from './conversation.ts';
import { createExchange, type Exchange, type RequestFacts, type Target } from './exchange.ts';
import { CallIds } from './ids.ts';
import { withoutJsonTool } from './json-tool.ts';
import { writeJson } from './json.ts';
import type { Loss } from './losses.ts';
import type { ClientSide, ProviderSide, ReadContext, RequestReading } from './sides.ts';
import { wholePiece } from './held-text.ts';
import { createHubPipe, createStreamTranslation, type StreamTranslation } from './stream-translation.ts';
import type { StreamReader } from './stream.ts';

/** The translation between one client API and one target. Holds no state of requests. */
export interface Translation {
  /** As in the header: `messages>openai-chat`. */
  readonly pair: string;
  /**
   * Writes the request for the target, or returns the loss that makes the route unsuitable under its policy. A
   * token-count request is written for the provider's own count method if it has one (`provider.writeCount`). Otherwise
   * `estimate.ts` provides what to count.
   */
  readonly request: (conversation: Conversation, facts: RequestFacts) => WrittenRequest;
  /** Translates a whole answer of status 200 for the client. */
  readonly answer: (text: string, exchange: Exchange) => WrittenAnswer;
  /** Translates a whole answer for a client that asked for a stream. Returns the bytes of all events. */
  readonly answerAsStream: (text: string, exchange: Exchange) => StreamedAnswer;
  readonly stream: (exchange: Exchange) => StreamTranslation;
  /** For a provider that streams to a client that did not ask for a stream: push all events, then take the answer. */
  readonly collector: (exchange: Exchange) => Collector;
  readonly client: ClientSide;
  readonly provider: ProviderSide;
}

export type WrittenRequest =
  | { readonly kind: 'written'; readonly body: string; readonly exchange: Exchange }
  | { readonly kind: 'unsuitable'; readonly loss: Loss; readonly losses: readonly Loss[] };

export type WrittenAnswer =
  | { readonly kind: 'answer'; readonly body: string; readonly answer: Answer }
  | Extract<AnswerReading, { kind: 'failed' }>;

export type StreamedAnswer =
  | { readonly kind: 'answer'; readonly bytes: readonly Uint8Array[]; readonly answer: Answer }
  | Extract<AnswerReading, { kind: 'failed' }>;

export interface Collector {
  readonly push: StreamReader['push'];
  /** Call this at the end of the bytes. */
  readonly answer: () => WrittenAnswer;
}

/** The translation between a client's API and a target. Loads its modules on first use. */
export async function translationFor(
  clientApi: ClientApi,
  providerApi: ProviderApi,
  target: Target,
): Promise<Translation> {
  const client = await clientSide(clientApi);
  const provider = await providerSide(providerApi);
  return {
    pair: `${CLIENT_NAMES[clientApi]}>${PROVIDER_NAMES[providerApi]}`,
    client,
    provider,
    request: (conversation, facts) => writeRequest(provider, createExchange(conversation, target, facts)),
    answer: (text, exchange) =>
      written(client, undone(provider.readAnswer(text, exchange), exchange), exchange),
    answerAsStream(text, exchange) {
      const reading = undone(provider.readAnswer(text, exchange), exchange);
      if (reading.kind === 'failed') return reading;
      const writer = client.createStreamWriter(exchange);
      const pipe = createHubPipe(false);
      const bytes = eventsOf(reading.answer)
        .flatMap(pipe)
        .map((event) => writer.push(event))
        .filter((piece) => piece !== undefined)
        .map(wholePiece);
      return { kind: 'answer', bytes, answer: reading.answer };
    },
    stream: (exchange) =>
      createStreamTranslation({
        reader: provider.createStreamReader(exchange),
        writer: client.createStreamWriter(exchange),
        jsonTool: exchange.jsonTool,
      }),
    collector(exchange) {
      const reader = provider.createStreamReader(exchange);
      const collector = new AnswerCollector();
      return {
        push(event, data) {
          const events = reader.push(event, data);
          for (const read of events) collector.push(read);
          return events;
        },
        answer() {
          for (const read of reader.atEndOfBytes()) collector.push(read);
          return written(client, undone(collector.reading(), exchange), exchange);
        },
      };
    },
  };
}

/** Reads a client's body for translation, once per request. */
export async function readRequest(
  api: ClientApi,
  text: string,
  context: ReadContext,
): Promise<RequestReading> {
  const { readRequest: read } = await clientSide(api);
  return read(text, context);
}

function writeRequest(provider: ProviderSide, exchange: Exchange): WrittenRequest {
  const counting = exchange.conversation.operation === 'count' && provider.writeCount !== undefined;
  const tree = counting ? provider.writeCount?.(exchange) : provider.writeRequest(exchange);
  const loss = exchange.losses.refusing(exchange.target.policy);
  if (loss !== undefined) return { kind: 'unsuitable', loss, losses: exchange.losses.all() };
  return { kind: 'written', body: writeJson(tree), exchange };
}

/** Undoes the gateway's own devices in a reading, and adjusts the finish to the content. */
function undone(reading: AnswerReading, exchange: Exchange): AnswerReading {
  if (reading.kind === 'failed') return reading;
  const own = exchange.jsonTool ? withoutJsonTool(reading.answer) : reading.answer;
  const answer = withFinish(withOwnIds(own));
  return { kind: 'answer', answer };
}

/** Tells the ids of each choice's calls apart. */
function withOwnIds(answer: Answer): Answer {
  if (!answer.choices.some(({ parts }) => parts.some(({ kind }) => kind === 'call'))) return answer;
  const choices = answer.choices.map((choice) => {
    const ids = new CallIds();
    const parts = choice.parts.map((part) =>
      part.kind === 'call' ? { ...part, id: ids.unused(part.id) } : part,
    );
    return { ...choice, parts };
  });
  return { ...answer, choices };
}

function written(client: ClientSide, reading: AnswerReading, exchange: Exchange): WrittenAnswer {
  if (reading.kind === 'failed') return reading;
  return { kind: 'answer', body: client.writeAnswer(reading.answer, exchange), answer: reading.answer };
}

const CLIENT_NAMES: Readonly<Record<ClientApi, string>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'messages',
  gemini: 'gemini',
  completions: 'openai-completions',
  embeddings: 'openai-embeddings',
};

const PROVIDER_NAMES: Readonly<Record<ProviderApi, string>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'messages',
  gemini: 'gemini',
  converse: 'bedrock-converse',
};

/** Loaded on first use: a gateway that translates nothing loads no readers and writers. */
const CLIENTS: Readonly<Partial<Record<ClientApi, () => Promise<ClientSide>>>> = {
  chat: async () => (await import('./openai-chat/client.ts')).openAiChatClient,
  messages: async () => (await import('./anthropic-messages/client.ts')).anthropicMessagesClient,
  gemini: async () => (await import('./gemini/client.ts')).geminiClient,
  responses: async () => (await import('./openai-responses/client.ts')).openAiResponsesClient,
  completions: async () => (await import('./openai-completions/client.ts')).openAiCompletionsClient,
};

const PROVIDERS: Readonly<Partial<Record<ProviderApi, () => Promise<ProviderSide>>>> = {
  chat: async () => (await import('./openai-chat/provider.ts')).openAiChatProvider,
  gemini: async () => (await import('./gemini/provider.ts')).geminiProvider,
  converse: async () => (await import('./bedrock-converse/provider.ts')).bedrockConverseProvider,
  messages: async () => (await import('./anthropic-messages/provider.ts')).anthropicMessagesProvider,
  responses: async () => (await import('./openai-responses/provider.ts')).openAiResponsesProvider,
};

/** Whether both sides of this pair exist. */
export function isTranslated(clientApi: ClientApi, providerApi: ProviderApi): boolean {
  return CLIENTS[clientApi] !== undefined && PROVIDERS[providerApi] !== undefined;
}

async function clientSide(api: ClientApi): Promise<ClientSide> {
  const load = CLIENTS[api];
  if (load === undefined) throw new Error(`no translation for clients of ${api}`);
  return load();
}

async function providerSide(api: ProviderApi): Promise<ProviderSide> {
  const load = PROVIDERS[api];
  if (load === undefined) throw new Error(`no translation for providers of ${api}`);
  return load();
}

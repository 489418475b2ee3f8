import type { ClientApi } from '../../../src/translation/conversation.ts';
import type { JsonObject } from '../../../src/translation/json.ts';

/** The APIs of clients that the matrix shows. */
export type Client = Exclude<ClientApi, 'embeddings'>;

/** A feature of requests, with a sample of it in each client API that can express it. */
export interface Feature {
  readonly name: string;
  /** Fields of the body, laid over those of a plain request. */
  readonly asked: Readonly<Partial<Record<Client, JsonObject>>>;
  /** Other fields that the request needs. Without them, the result would depend on more than the feature. */
  readonly beside?: Readonly<Partial<Record<Client, JsonObject>>>;
  /** Matches the provider's body if the value has arrived, and does not match if the feature was not requested. */
  readonly arrives: RegExp;
  /** Whether the column's reasoning model is used. */
  readonly reasons?: true;
}

/** The same fields in several APIs. */
export function inAll(clients: readonly Client[], fields: JsonObject): Partial<Record<Client, JsonObject>> {
  return Object.fromEntries(clients.map((client) => [client, fields]));
}

/** One user message of these parts, in each API. */
export function userParts(
  parts: Readonly<Partial<Record<Client, readonly unknown[]>>>,
): Partial<Record<Client, JsonObject>> {
  const { chat, responses, messages, gemini } = parts;
  return {
    ...(chat && { chat: { messages: [{ role: 'user', content: chat }] } }),
    ...(responses && { responses: { input: [{ type: 'message', role: 'user', content: responses }] } }),
    ...(messages && { messages: { messages: [{ role: 'user', content: messages }] } }),
    ...(gemini && { gemini: { contents: [{ role: 'user', parts: gemini }] } }),
  };
}

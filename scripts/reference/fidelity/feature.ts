import type { ClientApi } from '../../../src/translation/conversation.ts';
import type { JsonObject } from '../../../src/translation/json.ts';

/** The APIs of clients that the matrix shows. */
export type Client = Exclude<ClientApi, 'embeddings'>;

/** Something that a request may have, with a sample of it in each client's API that can say it. */
export interface Feature {
  readonly name: string;
  /** Fields of the body, laid over those of a plain request. */
  readonly asked: Readonly<Partial<Record<Client, JsonObject>>>;
  /** What the request has beside it, so that only the feature itself is judged. */
  readonly beside?: Readonly<Partial<Record<Client, JsonObject>>>;
  /** Found in the provider's body if the value has arrived, and not found where the feature was not asked for. */
  readonly arrives: RegExp;
  /** The column's model that reasons is asked. */
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

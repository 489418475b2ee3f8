import type { Conversation, ProviderApi } from './conversation.ts';
import { idSuffix } from './ids.ts';
import { createLossList, type LossList, type Policy } from './losses.ts';
import type { ClaudeFamily } from './models/claude.ts';
import type { DialectName } from './models/dialects.ts';

/** The route that an attempt goes to, as far as translation has to know it. Made of the configuration. */
export interface Target {
  /** The name of the configured provider: seals of OpenAI are bound to it. */
  readonly provider: string;
  readonly api: ProviderApi;
  /** Who carries the API: Claude by Bedrock's InvokeModel or Vertex, Gemini at Vertex; undefined: the API's own host. */
  readonly carriage: 'bedrock' | 'vertex' | undefined;
  /** The upstream model. */
  readonly model: string;
  readonly dialect: DialectName;
  /** Azure: the dated version in the URL; undefined or `v1` is the current API. */
  readonly apiVersion?: string | undefined;
  readonly policy: Policy;
  /** The route's `max_output_tokens`. */
  readonly maxOutputTokens?: number | undefined;
  /** The route's `efforts`; an empty list says that the model does not reason. */
  readonly efforts?: readonly string[] | undefined;
  /** The route's `claude`: overrides of the table of families. */
  readonly claude?: Partial<ClaudeFamily> | undefined;
  /** The provider's `auto_cache`. */
  readonly autoCache?: boolean | undefined;
  /** `translation.signature_ids`: Gemini's signatures ride in the ids of calls for Chat clients. Default true. */
  readonly signatureIds?: boolean | undefined;
}

/** What belongs to the request and not to the route. */
export interface RequestFacts {
  /** `req_X`; all ids of the answer are made of X. */
  readonly requestId: string;
  /** Unix time in seconds: `created` of the answer. */
  readonly now: number;
  /** The name of the model that the answer bears in any case (`rewrite_response_model`); undefined: the provider's word. */
  readonly answerModel?: string | undefined;
}

/**
 * One attempt of one request: made when its request is written, and needed to read and write its answer. Writers of requests fill
 * in what their answer has to be read by.
 */
export interface Exchange extends RequestFacts {
  readonly conversation: Conversation;
  readonly target: Target;
  /** X of `req_X`. */
  readonly suffix: string;
  /** Losses of the request as it was written, the reader's included; those of the answer are added behind them. */
  readonly losses: LossList;
  /** The provider's name of a tool → the client's tool. Filled by `toolNames` of `tool-names.ts`. */
  readonly tools: Map<string, ClientTool>;
  /** The structured output is asked for by a tool named `json_response`, which is undone in the answer (6.6). */
  jsonTool: boolean;
}

export interface ClientTool {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly form: 'function' | 'freeform';
}

export function createExchange(conversation: Conversation, target: Target, facts: RequestFacts): Exchange {
  const losses = createLossList();
  for (const loss of conversation.losses) losses.add(loss);
  return {
    ...facts,
    conversation,
    target,
    suffix: idSuffix(facts.requestId),
    losses,
    tools: new Map(),
    jsonTool: false,
  };
}

/** The client's own name, namespace and form of a tool that the provider calls by the name that it was given. */
export function clientTool(exchange: Exchange, name: string): ClientTool {
  return exchange.tools.get(name) ?? { name, namespace: undefined, form: 'function' };
}

/** The name of the model in the answer. */
export function modelInAnswer(exchange: Exchange, upstream: string | undefined): string {
  return exchange.answerModel ?? upstream ?? exchange.target.model;
}

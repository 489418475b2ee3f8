import type { Conversation, ProviderApi } from './conversation.ts';
import { idSuffix } from './ids.ts';
import { createLossList, type LossList, type Policy } from './losses.ts';
import type { ClaudeFamily } from './models/claude.ts';
import type { DialectName } from './models/dialects.ts';

/** The properties of an attempt's route that translation needs. Built from the configuration. */
export interface Target {
  /** The name of the configured provider. Seals of OpenAI are bound to it. */
  readonly provider: string;
  readonly api: ProviderApi;
  /**
   * The platform that carries the API: Bedrock's InvokeModel or Vertex for Claude, Vertex for Gemini; undefined: the
   * API's own host.
   */
  readonly carriage: 'bedrock' | 'vertex' | undefined;
  /** The upstream model. */
  readonly model: string;
  readonly dialect: DialectName;
  /** Azure: the dated version in the URL; undefined or `v1`: the current API. */
  readonly apiVersion?: string | undefined;
  readonly policy: Policy;
  /** The route's `max_output_tokens`. */
  readonly maxOutputTokens?: number | undefined;
  /** The route's `efforts`. An empty list means that the model does not reason. */
  readonly efforts?: readonly string[] | undefined;
  /** The route's `claude`, which overrides the table of families. */
  readonly claude?: Partial<ClaudeFamily> | undefined;
  /** The provider's `auto_cache`. */
  readonly autoCache?: boolean | undefined;
  /** `translation.signature_ids`: whether tool-call ids carry Gemini's signatures for Chat clients. Default true. */
  readonly signatureIds?: boolean | undefined;
}

/** Facts about the request, independent of the route. */
export interface RequestFacts {
  /** `req_X`. All ids of the answer derive from X. */
  readonly requestId: string;
  /** Unix time in seconds, `created` of the answer. */
  readonly now: number;
  /** The model name to put into every answer (`rewrite_response_model`); undefined: the provider's name. */
  readonly answerModel?: string | undefined;
}

/**
 * One attempt of a request. Created when the request is written, and needed to read and write its answer. Request
 * writers store in it what reading the answer requires.
 */
export interface Exchange extends RequestFacts {
  readonly conversation: Conversation;
  readonly target: Target;
  /** The X of `req_X`. */
  readonly suffix: string;
  /** Losses of the request, first the reader's and then the writer's. Losses of the answer are appended. */
  readonly losses: LossList;
  /** Maps the provider's name of a tool to the client's tool. `toolNames` of `tool-names.ts` fills it. */
  readonly tools: Map<string, ClientTool>;
  /**
   * Whether structured output is requested through a tool named `json_response`, whose call becomes text again in the
   * answer.
   */
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

/** The client's tool for the name that the provider uses: its name, namespace and form. */
export function clientTool(exchange: Exchange, name: string): ClientTool {
  return exchange.tools.get(name) ?? { name, namespace: undefined, form: 'function' };
}

/** The model name for the answer. */
export function modelInAnswer(exchange: Exchange, upstream: string | undefined): string {
  return exchange.answerModel ?? upstream ?? exchange.target.model;
}

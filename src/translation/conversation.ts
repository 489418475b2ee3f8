import type { JsonObject } from './json.ts';
import type { Loss } from './losses.ts';

/**
 * The request in the hub: what a client asks, in the words of no API.
 *
 * Readers (`<api>/read-request.ts`) make it of a body, once per request; writers (`<api>/write-request.ts`) make a body of it, once
 * per attempt. It is never changed: what a target cannot take is left out or replaced while it is written.
 */
export interface Conversation {
  readonly api: ClientApi;
  /** The public model name, as the client said it. */
  readonly model: string;
  /** What is asked: an answer, or only how many tokens the request has. */
  readonly operation: 'generate' | 'count';
  /** The leading run of system and developer text, after the API's own field for it. Billing lines of Claude Code are cut. */
  readonly system: readonly SystemText[];
  /** As they came, not merged and not repaired: `repair.ts` does that for the target. */
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly serverTools: readonly ServerTool[];
  readonly toolChoice: ToolChoice | undefined;
  readonly parallelTools: Placed<boolean> | undefined;
  readonly output: Output;
  readonly reasoning: ReasoningWish | undefined;
  readonly sampling: Sampling;
  readonly meta: Meta;
  readonly stream: boolean;
  /** Whether a Chat or Completions client wants a chunk with the usage; true in every other API. */
  readonly includeUsage: boolean;
  /** Whether the client keeps sealed reasoning: false for a Responses client without `include: reasoning.encrypted_content`. */
  readonly seesSeals: boolean;
  /** A Chat client that used `functions`: its calls go back as `function_call`. */
  readonly legacyFunctions: boolean;
  /** A mark at the top level (Messages): the last block of the last user turn. */
  readonly cache: CacheMark | undefined;
  /** Top-level fields of the client's API that the reader knows and no other API has, with how bad it is to leave them out. */
  readonly only: readonly OnlyField[];
  /** Losses that hold whatever the target is. The writer's losses come behind them. */
  readonly losses: readonly Loss[];
  /** Fields of the request that the answer repeats (Responses), or that only this client's own writer reads (echo, logprobs). */
  readonly echo: JsonObject;
}

export type ClientApi = 'chat' | 'responses' | 'messages' | 'gemini' | 'completions' | 'embeddings';
export type ProviderApi = 'chat' | 'responses' | 'messages' | 'gemini' | 'converse';

/** A value with the path in the client's body that a loss of it names: `max_tokens`, `generationConfig.topK`. */
export interface Placed<Value> {
  readonly value: Value;
  readonly path: string;
}

/** A top-level field without an equal. `meaning`: without it the answer would be another one. */
export interface OnlyField {
  readonly path: string;
  readonly class: 'tuning' | 'meaning';
  readonly why: string;
  /** The field as the client gave it: a writer of an API that has it too (Chat and Responses share many) carries it. */
  readonly value: unknown;
}

export interface SystemText {
  readonly text: string;
  readonly cache?: CacheMark | undefined;
  readonly path: string;
}

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly parts: readonly Part[];
  /** Where it stands: `messages[3]`, `input[2]`, `contents[0]`. */
  readonly path: string;
}

/** `cache`: a mark behind this part. `path` is what a loss names, `messages[2].content[1]`. */
interface Place {
  readonly path: string;
  readonly cache?: CacheMark | undefined;
}

export interface CacheMark {
  readonly ttl: '5m' | '1h' | undefined;
}

export type Part = Text | Media | ToolCall | ToolResult | Reasoning | Unknown;

export interface Text extends Place {
  readonly kind: 'text';
  readonly text: string;
  /** Gemini's signature on a text part. */
  readonly seal?: Seal | undefined;
  /** The assistant refused with this text. */
  readonly refusal?: boolean;
}

export interface Media extends Place {
  readonly kind: 'image' | 'document' | 'audio' | 'video';
  readonly source: MediaSource;
  /** `image/png`; '' where the client did not say. Normalised: small letters, no parameters, `image/jpeg` for `image/jpg`. */
  readonly mediaType: string;
  /** A file's name, with its extension. */
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly context?: string | undefined;
  readonly detail?: string | undefined;
  /** Anthropic's `citations.enabled`. */
  readonly citations?: boolean | undefined;
}

export type MediaSource =
  /** Base64, a slice of the client's body: never decoded. */
  | { readonly kind: 'bytes'; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file-id'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string };

export interface ToolCall extends Place {
  readonly kind: 'call';
  /** As the client sent it, signature suffix cut off (that is `seal`). */
  readonly id: string;
  readonly name: string;
  /** JSON text as it stood in the source; for `freeform` the input itself. */
  readonly arguments: string;
  readonly form: 'function' | 'freeform';
  readonly namespace?: string | undefined;
  readonly seal?: Seal | undefined;
}

export interface ToolResult extends Place {
  readonly kind: 'result';
  readonly callId: string;
  /** The function's name where the API says it (Gemini, legacy functions). */
  readonly name?: string | undefined;
  readonly parts: readonly (Text | Media | Unknown)[];
  readonly isError: boolean | undefined;
  /** Put in by `repair.ts`, which has told it. */
  readonly made?: true;
}

export interface Reasoning extends Place {
  readonly kind: 'reasoning';
  /** May be empty beside a seal. */
  readonly text: string;
  readonly seal?: Seal | undefined;
  /** The text is hidden; the seal's payload is all there is. */
  readonly redacted: boolean;
}

/** A content part that the reader does not know. Always a loss of meaning for another API, unless `instead` says what to write. */
export interface Unknown extends Place {
  readonly kind: 'unknown';
  readonly type: string;
  /** A text that stands for it (R16), and whether it is only near (`approximated`) or nothing is lost with it (`silent`). */
  readonly instead?: { readonly text: string; readonly loss: 'approximated' | 'silent' } | undefined;
  /** Nothing can stand for it, and nothing of the meaning goes with it: dropped as tuning. */
  readonly dispensable?: boolean | undefined;
}

/** Opaque bytes that prove a provider's own reasoning. See `envelope.ts`. */
export interface Seal {
  readonly origin: 'anthropic' | 'openai' | 'gemini';
  /** The name of the configured provider that made it; '' where the client brought it in the origin's own form. */
  readonly provider: string;
  /** Signature, redacted data or encrypted content. */
  readonly payload: string;
  /** OpenAI: the id of the reasoning item. */
  readonly itemId?: string | undefined;
}

export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** A JSON Schema of the arguments; undefined where none was given. */
  readonly schema: JsonObject | undefined;
  readonly strict: boolean | undefined;
  readonly form: 'function' | 'freeform';
  /** OpenAI's grammar of a freeform tool. */
  readonly grammar?: { readonly syntax: string; readonly definition: string } | undefined;
  readonly namespace?: string | undefined;
  readonly cache?: CacheMark | undefined;
  /** Anthropic's own client tool (`bash_20250124`), whose schema the model was trained on; undefined for all others. */
  readonly builtIn?: string | undefined;
  readonly path: string;
}

export interface ServerTool {
  readonly kind: 'web-search' | 'other';
  /** `web_search_20250305`, `file_search`, … */
  readonly type: string;
  /** The definition as the client gave it. */
  readonly definition: JsonObject;
  readonly path: string;
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required'; readonly path: string }
  | { readonly kind: 'one'; readonly name: string; readonly path: string }
  | {
      readonly kind: 'some';
      readonly names: readonly string[];
      readonly required: boolean;
      readonly path: string;
    }
  /** A server tool by its type. */
  | { readonly kind: 'server'; readonly type: string; readonly path: string };

export interface Output {
  readonly format: OutputFormat;
  readonly maxTokens: Placed<number> | undefined;
  readonly stop: Placed<readonly string[]> | undefined;
  readonly verbosity: Placed<string> | undefined;
}

export type OutputFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json'; readonly path: string }
  | {
      readonly kind: 'json-schema';
      readonly name: string | undefined;
      readonly description: string | undefined;
      readonly schema: JsonObject;
      readonly strict: boolean | undefined;
      /** `response_format`, `output_config.format`, `text.format`. */
      readonly path: string;
      /** `response_format.json_schema.schema`. */
      readonly schemaPath: string;
    };

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface ReasoningWish {
  /** Said by name, or made of a budget; undefined: adaptive, or only `show` was said. `none` is off. */
  readonly effort: Effort | undefined;
  readonly budgetTokens: number | undefined;
  readonly kind: 'adaptive' | 'budget' | 'off' | 'between-tools' | undefined;
  /** Whether the client wants to read it; undefined: it did not say. */
  readonly show: boolean | undefined;
  /** The field that told the effort: `reasoning_effort`, `thinking`, `output_config.effort`. */
  readonly path: string;
}

export interface Sampling {
  readonly temperature?: Placed<number> | undefined;
  readonly topP?: Placed<number> | undefined;
  readonly topK?: Placed<number> | undefined;
  readonly frequencyPenalty?: Placed<number> | undefined;
  readonly presencePenalty?: Placed<number> | undefined;
  readonly seed?: Placed<number> | undefined;
  readonly logitBias?: Placed<JsonObject> | undefined;
  readonly n?: Placed<number> | undefined;
  readonly logprobs?: Placed<boolean> | undefined;
  readonly topLogprobs?: Placed<number> | undefined;
}

export interface Meta {
  /** `user`, `safety_identifier`, `metadata.user_id`. */
  readonly user?: Placed<string> | undefined;
  readonly metadata?: Placed<JsonObject> | undefined;
  /** In OpenAI's words: `auto`, `default`, `flex`, `priority`, … */
  readonly serviceTier?: Placed<string> | undefined;
  readonly cacheKey?: Placed<string> | undefined;
  readonly store?: Placed<boolean> | undefined;
}

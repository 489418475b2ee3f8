import type { JsonObject } from './json.ts';
import type { Loss } from './losses.ts';

/**
 * A client's request in the hub's API-neutral format.
 *
 * Readers (`<api>/read-request.ts`) make one from a body, once per request. Writers (`<api>/write-request.ts`) make a
 * body from it, once per attempt. It is immutable: a writer omits or replaces what the target does not accept.
 */
export interface Conversation {
  readonly api: ClientApi;
  /** The public model name, as the client sent it. */
  readonly model: string;
  /** Whether the client wants an answer or only the request's token count. */
  readonly operation: 'generate' | 'count';
  /**
   * The leading system and developer texts, those of the API's own field first. Excludes Claude Code's billing lines.
   */
  readonly system: readonly SystemText[];
  /** In the client's order, neither merged nor repaired. `repair.ts` adapts them to the target. */
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
  /** Whether a Chat or Completions client wants a usage chunk. Always true in other APIs. */
  readonly includeUsage: boolean;
  /**
   * Whether the client keeps sealed reasoning. false for a Responses client without `include:
   * reasoning.encrypted_content`.
   */
  readonly seesSeals: boolean;
  /** Whether a Chat client used `functions`, so that its calls return as `function_call`. */
  readonly legacyFunctions: boolean;
  /** A top-level cache mark (Messages), which applies to the last block of the last user turn. */
  readonly cache: CacheMark | undefined;
  /** Top-level fields that the reader knows and other APIs lack, with the severity of dropping them. */
  readonly only: readonly OnlyField[];
  /** Losses that do not depend on the target. The writer's losses follow them. */
  readonly losses: readonly Loss[];
  /**
   * Request fields that the answer repeats (Responses) or that only this client's writer reads (`echo`, `logprobs`).
   */
  readonly echo: JsonObject;
}

export type ClientApi = 'chat' | 'responses' | 'messages' | 'gemini' | 'completions' | 'embeddings';
export type ProviderApi = 'chat' | 'responses' | 'messages' | 'gemini' | 'converse';

/** A value with its path in the client's body, for losses: `max_tokens`, `generationConfig.topK`. */
export interface Placed<Value> {
  readonly value: Value;
  readonly path: string;
}

/** A top-level field without an equivalent in other APIs. `meaning`: dropping it would change the answer. */
export interface OnlyField {
  readonly path: string;
  readonly class: 'tuning' | 'meaning';
  readonly why: string;
  /**
   * The value as the client sent it. A writer whose API has the field too sends it on; Chat and Responses share many.
   */
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
  /** Its path: `messages[3]`, `input[2]`, `contents[0]`. */
  readonly path: string;
}

/** `cache`: a mark after this part. `path` is the path in losses, `messages[2].content[1]`. */
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
  /** Gemini's signature of a text part. */
  readonly seal?: Seal | undefined;
  /** Whether the text is a refusal of the assistant. */
  readonly refusal?: boolean;
}

export interface Media extends Place {
  readonly kind: 'image' | 'document' | 'audio' | 'video';
  readonly source: MediaSource;
  /** `image/png`; '' if the client did not say. Normalised: lower case, no parameters, `image/jpeg` for `image/jpg`. */
  readonly mediaType: string;
  /** The file name, with its extension. */
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly context?: string | undefined;
  readonly detail?: string | undefined;
  /** Anthropic's `citations.enabled`. */
  readonly citations?: boolean | undefined;
}

export type MediaSource =
  /** Base64: a slice of the client's body, never decoded. */
  | { readonly kind: 'bytes'; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file-id'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string };

export interface ToolCall extends Place {
  readonly kind: 'call';
  /** The client's id without the signature suffix, which is in `seal`. */
  readonly id: string;
  readonly name: string;
  /** The source JSON text. For `freeform`, the input itself. */
  readonly arguments: string;
  readonly form: 'function' | 'freeform';
  readonly namespace?: string | undefined;
  readonly seal?: Seal | undefined;
}

export interface ToolResult extends Place {
  readonly kind: 'result';
  readonly callId: string;
  /** The function's name if the API provides it (Gemini, legacy functions). */
  readonly name?: string | undefined;
  readonly parts: readonly (Text | Media | Unknown)[];
  readonly isError: boolean | undefined;
  /** Set if `repair.ts` added the result, which has recorded it. */
  readonly made?: true;
}

export interface Reasoning extends Place {
  readonly kind: 'reasoning';
  /** May be empty if there is a seal. */
  readonly text: string;
  readonly seal?: Seal | undefined;
  /** Whether the text is hidden, so that only the seal's payload exists. */
  readonly redacted: boolean;
}

/**
 * A content part that the reader does not know. Another API loses its meaning, unless `instead` holds a replacement.
 */
export interface Unknown extends Place {
  readonly kind: 'unknown';
  readonly type: string;
  /** A replacement text, and whether it only approximates the part (`approximated`) or loses nothing (`silent`). */
  readonly instead?: { readonly text: string; readonly loss: 'approximated' | 'silent' } | undefined;
  /** Whether the part can be dropped as tuning, because it has no replacement and carries no meaning. */
  readonly dispensable?: boolean | undefined;
}

/** Opaque bytes that authenticate a provider's own reasoning. See `envelope.ts`. */
export interface Seal {
  readonly origin: 'anthropic' | 'openai' | 'gemini';
  /** The name of the configured provider that made it; '' if the client sent it in the origin's own form. */
  readonly provider: string;
  /** A signature, redacted data or encrypted content. */
  readonly payload: string;
  /** OpenAI's id of the reasoning item. */
  readonly itemId?: string | undefined;
}

export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON Schema of the arguments; undefined if the client sent none. */
  readonly schema: JsonObject | undefined;
  readonly strict: boolean | undefined;
  readonly form: 'function' | 'freeform';
  /** OpenAI's grammar for a freeform tool. */
  readonly grammar?: { readonly syntax: string; readonly definition: string } | undefined;
  readonly namespace?: string | undefined;
  readonly cache?: CacheMark | undefined;
  /** Anthropic's name of a client tool whose schema the model was trained on (`bash_20250124`); otherwise undefined. */
  readonly builtIn?: string | undefined;
  readonly path: string;
}

export interface ServerTool {
  readonly kind: 'web-search' | 'other';
  /** `web_search_20250305`, `file_search`, … */
  readonly type: string;
  /** The definition as the client sent it. */
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
  /** Forces a server tool, by its type. */
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
  /**
   * Given by name or derived from a budget; undefined: adaptive, or only `show` was given. `none` switches reasoning
   * off.
   */
  readonly effort: Effort | undefined;
  readonly budgetTokens: number | undefined;
  readonly kind: 'adaptive' | 'budget' | 'off' | 'between-tools' | undefined;
  /** Whether the client wants to see the reasoning; undefined: it did not say. */
  readonly show: boolean | undefined;
  /** The field that set the effort: `reasoning_effort`, `thinking`, `output_config.effort`. */
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
  /** OpenAI's name of the tier: `auto`, `default`, `flex`, `priority`, … */
  readonly serviceTier?: Placed<string> | undefined;
  readonly cacheKey?: Placed<string> | undefined;
  readonly store?: Placed<boolean> | undefined;
}

import { rememberLast } from '../lib/remember-last.ts';

/** The error shapes that clients expect: OpenAI's (which most APIs share), Anthropic's, and Google Gemini's. */
export type ErrorShape = 'openai' | 'anthropic' | 'gemini';

/** An error before it is formatted for an API. */
export interface ErrorFacts {
  readonly status: number;
  readonly message: string;
  /** OpenAI's error type, such as `invalid_request_error`. Anthropic's and Google's types follow from the status. */
  readonly type: string;
  readonly code: string | null;
  /** The path in the body of the parameter at fault. */
  readonly param: string | null;
  readonly requestId: string;
  /** The limit of the gateway that refuses the request. */
  readonly limit?: LimitFacts | undefined;
}

/** A limit of the gateway as clients read it. Amounts are dollars, tokens or requests. */
export interface LimitFacts {
  readonly scope: string;
  readonly name: string;
  readonly id: string;
  readonly amount: number;
  readonly used: number;
  readonly held: number;
  /** RFC 3339; null: it does not open at a time. */
  readonly resets_at: string | null;
}

/** Returns an error's body as JSON text. */
export function errorBody(shape: ErrorShape, error: ErrorFacts): string {
  return JSON.stringify(errorObject(shape, error));
}

/**
 * Builds an error's body in the shape of an API, including the gateway's `code`. OpenAI: `{error: {message, type,
 * param, code}}`. Anthropic: `{type: "error", error: {type, message, …}, request_id}`
 * (https://docs.anthropic.com/en/api/errors). Google: `{error: {code, message, status, details}}`
 * (https://cloud.google.com/apis/design/errors).
 */
export function errorObject(shape: ErrorShape, error: ErrorFacts): object {
  const { status, message, type, code, param, requestId, limit } = error;
  switch (shape) {
    case 'openai':
      return { error: { message, type, param, code, limit } };
    case 'anthropic':
      return {
        type: 'error',
        error: {
          type: anthropicErrorType(status),
          message,
          param,
          code,
          limit,
          ...anthropicDetails(param),
        },
        request_id: requestId,
      };
    case 'gemini':
      return {
        error: { code: status, message, status: googleStatus(status), details: googleDetails(code), limit },
      };
  }
}

/**
 * Details that tell Anthropic's SDKs to send the whole conversation from now on instead of a thread stored by the
 * provider (`anthropic` 2.14 for Python, `lib/threads`). Their tool runners use threads by default.
 */
function anthropicDetails(param: string | null): { readonly details?: object } {
  if (param !== 'thread') return {};
  return { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } };
}

/** Returns Anthropic's error type for a status. */
export function anthropicErrorType(status: number): string {
  return ANTHROPIC_TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'api_error');
}

const ANTHROPIC_TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [408, 'timeout_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

/** Returns the name of Google's canonical code for an HTTP status (google/rpc/code.proto). */
export function googleStatus(status: number): string {
  return GOOGLE_STATUSES.get(status) ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
}

const GOOGLE_STATUSES: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHENTICATED'],
  [402, 'RESOURCE_EXHAUSTED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'UNIMPLEMENTED'],
  [408, 'DEADLINE_EXCEEDED'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [499, 'CANCELLED'],
  [501, 'UNIMPLEMENTED'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
  [529, 'UNAVAILABLE'],
]);

function googleDetails(code: string | null): readonly object[] {
  if (code === null) return [];
  return [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'llm-proxy' }];
}

/** The header fields that identify the client's API if the path does not. */
export interface ClientSigns {
  readonly get: (name: string) => string | null;
}

/**
 * Returns the error shape that the client expects. A path that belongs to one API decides alone. On shared paths such
 * as `/v1/models` and `/v1/files`, header fields decide that only one vendor's clients send.
 */
export function errorShapeOf(path: string, headers: ClientSigns): ErrorShape {
  const shape = shapeOfPath(path);
  if (shape !== undefined) return shape;
  if (headers.get('anthropic-version') !== null) return 'anthropic';
  if (headers.get('x-goog-api-key') !== null || headers.get('x-goog-api-client') !== null) return 'gemini';
  return 'openai';
}

const shapeOfPath = rememberLast((path): ErrorShape | undefined => {
  const last = lastSegment(path);
  if (OPENAI_ENDINGS.has(last)) return 'openai';
  if (isAnthropicPath(path)) return 'anthropic';
  return isGeminiPath(path, last) ? 'gemini' : undefined;
});

const OPENAI_ENDINGS: ReadonlySet<string> = new Set(['completions', 'responses', 'embeddings']);

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Matches `/v1/messages` and paths below it, but not the messages of an Assistants API thread, which are further
 * down.
 */
function isAnthropicPath(path: string): boolean {
  const at = path.indexOf('/messages');
  if (at === -1) return false;
  const before = path.slice(0, at);
  const after = path.charAt(at + '/messages'.length);
  return (after === '' || after === '/') && ANTHROPIC_ROOTS.has(lastSegment(before));
}

/** Segments that may precede `messages`: none, the version, or the prefix that some gateways use for the API. */
const ANTHROPIC_ROOTS: ReadonlySet<string> = new Set(['', 'v1', 'anthropic']);

/** Matches `/v1beta/…` and `/v1alpha/…`, and on any version a model followed by a colon and a verb. */
function isGeminiPath(path: string, last: string): boolean {
  if (path.startsWith('/v1beta/openai/')) return false;
  if (path.startsWith('/v1beta') || path.startsWith('/v1alpha')) return true;
  return path.includes('/models/') && GEMINI_VERBS.has(last.slice(last.lastIndexOf(':') + 1));
}

/**
 * The verbs of Gemini's models (https://ai.google.dev/api). Other model ids may contain a colon too, such as
 * `qwen3:8b`.
 */
export const GEMINI_VERBS: ReadonlySet<string> = new Set([
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
  'batchGenerateContent',
  'asyncBatchEmbedContent',
  'predict',
  'predictLongRunning',
  'rawPredict',
  'streamRawPredict',
]);

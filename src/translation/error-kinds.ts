import type { ErrorKind } from './hub-error.ts';
import { ownValue } from '../lib/own-value.ts';

/** How each client API represents an error kind. */
interface Face {
  readonly openAi: { readonly status: number; readonly type: string; readonly code: string | null };
  readonly messages: { readonly status: number; readonly type: string };
  readonly gemini: { readonly status: number; readonly word: string };
}

const INVALID = 'invalid_request_error';

export const KINDS: Readonly<Record<ErrorKind, Face>> = {
  invalid: face([400, INVALID, null], [400, INVALID], [400, 'INVALID_ARGUMENT']),
  context_length: face([400, INVALID, 'context_length_exceeded'], [400, INVALID], [400, 'INVALID_ARGUMENT']),
  content_policy: face([400, INVALID, 'content_policy_violation'], [400, INVALID], [400, 'INVALID_ARGUMENT']),
  auth: face(
    [401, 'authentication_error', 'invalid_api_key'],
    [401, 'authentication_error'],
    [401, 'UNAUTHENTICATED'],
  ),
  billing: face(
    [402, 'billing_error', 'insufficient_quota'],
    [402, 'billing_error'],
    [429, 'RESOURCE_EXHAUSTED'],
  ),
  permission: face([403, 'permission_error', null], [403, 'permission_error'], [403, 'PERMISSION_DENIED']),
  not_found: face([404, INVALID, 'model_not_found'], [404, 'not_found_error'], [404, 'NOT_FOUND']),
  too_large: face([413, INVALID, 'request_too_large'], [413, 'request_too_large'], [400, 'INVALID_ARGUMENT']),
  rate_limit: face(
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    [429, 'rate_limit_error'],
    [429, 'RESOURCE_EXHAUSTED'],
  ),
  server: face([500, 'server_error', null], [500, 'api_error'], [500, 'INTERNAL']),
  overloaded: face([503, 'overloaded_error', 'overloaded'], [529, 'overloaded_error'], [503, 'UNAVAILABLE']),
  timeout: face([504, 'timeout_error', 'timeout'], [504, 'timeout_error'], [504, 'DEADLINE_EXCEEDED']),
  other: face([500, 'api_error', null], [500, 'api_error'], [500, 'UNKNOWN']),
  upstream: face([502, 'upstream_error', null], [502, 'api_error'], [502, 'UNAVAILABLE']),
};

function face(
  openAi: readonly [number, string, string | null],
  messages: readonly [number, string],
  gemini: readonly [number, string],
): Face {
  return {
    openAi: { status: openAi[0], type: openAi[1], code: openAi[2] },
    messages: { status: messages[0], type: messages[1] },
    gemini: { status: gemini[0], word: gemini[1] },
  };
}

/** The provider's description of its failure. Every member is optional. */
export interface ProviderWords {
  readonly message: string;
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  /** Google's status, such as `INVALID_ARGUMENT`. */
  readonly googleStatus?: string | undefined;
  readonly numericCode?: number | undefined;
  /** Amazon's exception, such as `ThrottlingException`. */
  readonly exception?: string | undefined;
  /** The HTTP status; undefined inside an answer of status 200. */
  readonly status?: number | undefined;
}

/** The sentences of the providers and servers: agents shorten their history when they learn that it is too long. */
const CONTEXT_LENGTH = new RegExp(
  [
    // Anthropic
    'prompt is too long',
    'exceed context limit',
    // Google
    'input token count',
    // Bedrock
    'input is too long for requested model',
    'number of input tokens exceeds maximum length',
    // OpenAI, DeepSeek, Mistral, OpenRouter, vLLM
    'maximum context length',
    'exceeds the context window',
    // vLLM, SGLang
    'context length is only',
    'longer than the maximum model length',
    "longer than the model's context length",
    // llama.cpp, LM Studio, Ollama
    'exceeds the available context size',
    'greater than the context length',
    'prompt too long; exceeded',
    // xAI, Groq, MiniMax, Moonshot
    'maximum prompt length is',
    'reduce the length of the messages',
    'context window exceeds limit',
    'exceeded model token limit',
  ].join('|'),
  'i',
);

/**
 * Classifies a failure. Specific codes and messages decide first, then Amazon's exception, the status, and the
 * remaining codes.
 */
export function errorKind(words: ProviderWords): ErrorKind {
  const told = toldByWords(words) ?? kindOfException(words.exception);
  if (told !== undefined) return told;
  if (words.status !== undefined) return STATUSES[words.status] ?? 'other';
  // The code is more specific: OpenAI's type for a wrong key is `invalid_request_error`.
  for (const word of [words.code, words.type, words.googleStatus]) {
    const kind = WORDS.get(word?.toLowerCase() ?? '');
    if (kind !== undefined) return kind;
  }
  const kind = STATUSES[words.numericCode ?? 0];
  return kind ?? (FAULTY_INPUT.test(words.code ?? '') ? 'invalid' : 'server');
}

/** The Responses API has over a dozen of these codes, such as `invalid_image_format` and `image_too_large`. */
const FAULTY_INPUT = /^(?:invalid_|unsupported_|empty_image|image_|failed_to_download)/;

function toldByWords({ code, type, status, message }: ProviderWords): ErrorKind | undefined {
  const isRequest = status === undefined || (status >= 400 && status < 500 && status !== 429);
  if (code === 'context_length_exceeded' || (isRequest && CONTEXT_LENGTH.test(message)))
    return 'context_length';
  if (code === 'content_policy_violation' || code === 'content_filter') return 'content_policy';
  return code === 'insufficient_quota' || type === 'insufficient_quota' ? 'billing' : undefined;
}

/** Event-stream frames write the same names with a lower-case first letter. */
function kindOfException(name: string | undefined): ErrorKind | undefined {
  if (name === undefined) return undefined;
  if (/guardrail/i.test(name)) return 'content_policy';
  return ownValue(EXCEPTIONS, name.charAt(0).toUpperCase() + name.slice(1));
}

const EXCEPTIONS: Readonly<Record<string, ErrorKind>> = {
  ValidationException: 'invalid',
  AccessDeniedException: 'permission',
  ResourceNotFoundException: 'not_found',
  ThrottlingException: 'rate_limit',
  ServiceQuotaExceededException: 'rate_limit',
  ModelNotReadyException: 'rate_limit',
  InternalServerException: 'server',
  ModelErrorException: 'server',
  ModelStreamErrorException: 'server',
  ServiceUnavailableException: 'overloaded',
  ModelTimeoutException: 'timeout',
  UnrecognizedClientException: 'auth',
  ExpiredTokenException: 'auth',
  InvalidSignatureException: 'auth',
};

const STATUSES: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'auth',
  402: 'billing',
  403: 'permission',
  404: 'not_found',
  408: 'timeout',
  413: 'too_large',
  422: 'invalid',
  424: 'server',
  429: 'rate_limit',
  500: 'server',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
};

/** The codes and types of OpenAI, Anthropic, Google and compatible servers, in lower case. */
const WORDS: ReadonlyMap<string, ErrorKind> = new Map(
  Object.entries({
    context_length: ['string_above_max_length'],
    invalid: [
      'invalid_request_error',
      'invalid_request',
      'invalid_prompt',
      'invalid_argument',
      'failed_precondition',
    ],
    content_policy: [
      'image_content_policy_violation',
      'misalignment_policy_violation',
      'moderation_blocked',
      'bio_policy',
      'cyber_policy',
    ],
    auth: ['authentication_error', 'invalid_api_key', 'unauthenticated'],
    billing: ['billing_error', 'billing_not_active', 'billing_hard_limit_reached', 'usage_not_included'],
    permission: ['permission_error', 'permission_denied', 'unsupported_country'],
    not_found: ['not_found_error', 'model_not_found', 'not_found'],
    too_large: ['request_too_large'],
    rate_limit: ['rate_limit_error', 'rate_limit_exceeded', 'too_many_requests', 'resource_exhausted'],
    server: ['api_error', 'server_error', 'internal_error', 'internal_server_error', 'internal'],
    overloaded: [
      'overloaded_error',
      'overloaded',
      'server_is_overloaded',
      'engine_overloaded',
      'slow_down',
      'service_unavailable',
      'unavailable',
    ],
    timeout: [
      'timeout_error',
      'timeout',
      'request_timeout',
      'gateway_timeout',
      'vector_store_timeout',
      'deadline_exceeded',
    ],
  } satisfies Partial<Record<ErrorKind, readonly string[]>>).flatMap(([kind, words]) =>
    words.map((word) => [word, kind as ErrorKind]),
  ),
);

import { errorBody, type ErrorShape } from '../protocols/error-body.ts';

/**
 * Every refusal of the gateway: HTTP status, OpenAI error type, the party at fault, and message. The thrower fills
 * `{name}` placeholders. The documentation's table is generated from this one.
 */
export const REFUSALS = {
  missing_api_key: {
    status: 401,
    type: 'authentication_error',
    fault: 'client',
    message:
      'No API key was given. Send it as "Authorization: Bearer <key>"; "x-api-key", "api-key", "x-goog-api-key" and "?key=" also work.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    fault: 'client',
    message: 'The API key is not valid. {hint}',
  },
  key_expired: {
    status: 401,
    type: 'authentication_error',
    fault: 'client',
    message: 'The API key "{key}" expired at {time}. Ask whoever gave it to you for a new one.',
  },
  key_store_unavailable: {
    status: 503,
    type: 'server_error',
    fault: 'operator',
    message: 'The API key is unknown, and the key store is currently unavailable. Try again shortly.',
  },
  invalid_metrics_token: {
    status: 401,
    type: 'authentication_error',
    fault: 'client',
    message:
      'The metrics require the token from the setting metrics.token. Send it as "Authorization: Bearer <token>".',
  },
  foreign_origin: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message:
      'This gateway has no keys, so it refuses requests from pages of another origin ({origin}). Add the origin to server.cors_origins, or configure a key.',
  },
  foreign_host: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message:
      'This gateway has no keys and serves this machine only, so it does not accept the host name "{host}". Use localhost, add the origin of that name to server.cors_origins, or configure a key.',
  },
  model_not_allowed: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message: 'The key "{key}" may not use the model "{model}".',
  },
  path_not_allowed: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message: 'The key "{key}" may only use its models and the objects that it created; {path} is neither.',
  },
  object_not_found: {
    status: 404,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'This key has created no object "{id}".',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The model "{model}" does not exist. GET /v1/models lists the ones that this key may use.',
  },
  provider_not_found: {
    status: 404,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'x-llm-proxy-provider names "{provider}", which is neither a provider nor a model of this gateway.',
  },
  path_not_found: {
    status: 404,
    type: 'invalid_request_error',
    fault: 'client',
    message: '{path} does not exist here. API paths begin with /v1, such as /v1/chat/completions.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    fault: 'client',
    message: '{path} accepts {allowed}, not {method}.',
  },
  invalid_path: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The path of the request is not valid: {problem}.',
  },
  invalid_body: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message: '{problem}',
  },
  invalid_tags: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'x-llm-proxy-tags is not valid: {problem}.',
  },
  end_user_required: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The key "{key}" needs an end user. Send "user" or the header x-llm-proxy-user.',
  },
  missing_model: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'The request names no model. Set "model" in the JSON or form body, or name a provider in the header x-llm-proxy-provider.',
  },
  translation_unsupported: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'The model "{model}" does not support {path} ({why}). Remove it from the request, or use a model whose provider has this API.',
  },
  coding_not_supported: {
    status: 415,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'The body of the request has the Content-Encoding "{coding}". Use zstd, gzip, br or deflate, or none.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The body of the request is larger than {limit} (max_body_mb).',
  },
  body_timeout: {
    status: 408,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'The body of the request was not complete after {seconds} s.',
  },
  too_many_bodies: {
    status: 429,
    type: 'rate_limit_error',
    fault: 'client',
    message:
      '{whose} too many large request bodies under way (body_memory_mb). Send fewer at a time, or try again shortly.',
  },
  websocket_not_supported: {
    status: 426,
    type: 'invalid_request_error',
    fault: 'client',
    message: 'WebSocket connections are not supported. Use the HTTP API.',
  },
  too_many_websockets: {
    status: 429,
    type: 'rate_limit_error',
    fault: 'client',
    message: '{whose} has too many WebSocket connections open ({setting}). Close one, or try again later.',
  },
  model_elsewhere: {
    status: 409,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'The model "{model}" is not served by the provider of this connection. Open another connection for it.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    fault: 'client',
    message: 'The key "{key}" is over its limit of {rate} requests a second with bursts of {burst}. {hint}',
  },
  upstream_unreachable: {
    status: 502,
    type: 'upstream_error',
    fault: 'provider',
    message: 'No provider of "{model}" could be reached ({reason}).',
  },
  upstream_invalid: {
    status: 502,
    type: 'upstream_error',
    fault: 'provider',
    message: 'The provider of "{model}" reported success but sent no valid answer ({reason}).',
  },
  translation_failed: {
    status: 502,
    type: 'upstream_error',
    fault: 'provider',
    message: 'The answer from the provider of "{model}" could not be translated ({reason}).',
  },
  upstream_timeout: {
    status: 504,
    type: 'upstream_error',
    fault: 'provider',
    message: 'No provider of "{model}" answered in time ({reason}).',
  },
  upstream_refused_websocket: {
    status: 502,
    type: 'upstream_error',
    fault: 'provider',
    message: 'The provider of "{model}" refused the WebSocket connection with status {status}.',
  },
  upstream_truncated: {
    status: 502,
    type: 'upstream_error',
    fault: 'provider',
    message: 'The provider broke off before the answer was complete ({reason}).',
  },
  no_route: {
    status: 503,
    type: 'upstream_error',
    fault: 'operator',
    isFinal: true,
    message: 'The model "{model}" has no enabled route.',
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    fault: 'gateway',
    message: 'The gateway failed. This is a bug; its log names the request {request}.',
  },
} as const satisfies Record<string, RefusalEntry>;

interface RefusalEntry {
  readonly status: number;
  readonly type: string;
  readonly fault: 'client' | 'provider' | 'operator' | 'gateway';
  readonly message: string;
  /** Set if retrying is useless although the status suggests otherwise. */
  readonly isFinal?: true;
}

export type RefusalCode = keyof typeof REFUSALS;

/** A request refused for a reason in the table. Any other exception is a bug. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, values: Readonly<Record<string, string>> = {}, extra: RefusalExtra = {}) {
    super(fill(REFUSALS[code].message, values));
    this.name = 'Refusal';
    this.code = code;
    this.status = REFUSALS[code].status;
    this.param = extra.param ?? null;
    const entry: RefusalEntry = REFUSALS[code];
    this.headers = entry.isFinal ? { ...extra.headers, ...NO_RETRY } : (extra.headers ?? {});
  }

  /** Returns the error body in the shape of the client's API. */
  body(shape: ErrorShape = 'openai', requestId = ''): string {
    const { message, status, code, param } = this;
    return errorBody(shape, { message, status, code, param, type: REFUSALS[code].type, requestId });
  }
}

/** Tells the SDKs of OpenAI and Anthropic not to retry, whatever the status. */
export const NO_RETRY = { 'x-should-retry': 'false' } as const;

export interface RefusalExtra {
  /** The path in the body of the parameter at fault. */
  readonly param?: string | undefined;
  /** Response header fields by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Maximum length of a client's string quoted in a message. */
const LONGEST_VALUE = 200;

function fill(message: string, values: Readonly<Record<string, string>>): string {
  return message.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
  });
}

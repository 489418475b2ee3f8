import { CACHE_REFUSALS } from './cache-refusals.ts';
import { OWN_USE_REFUSALS } from './own-use-refusals.ts';

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
    message: 'The {owner} is over its limit of {limit}. {hint}',
  },
  token_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    fault: 'client',
    message:
      'The {owner} is over its limit of {limit}: this request needs about {need}, and {left} are left. {hint}',
  },
  concurrency_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    fault: 'client',
    message: 'The {owner} has {amount} under way, as many as it may.',
  },
  budget_exceeded: {
    status: 429,
    type: 'insufficient_quota',
    fault: 'client',
    message:
      'The {owner} has used {used} of {amount} {window}, and {held} is held for requests under way. {hint}',
  },
  request_over_limit: {
    status: 400,
    type: 'invalid_request_error',
    fault: 'client',
    message:
      'This request needs about {need}, and the {owner} may use {amount} at most. Make it smaller; retrying does not help.',
  },
  price_unknown: {
    status: 403,
    type: 'permission_error',
    fault: 'client',
    message:
      'The model "{model}" has no known price, and the {owner} has a budget in money. The operator can set its price under prices.models.',
  },
  limit_store_unavailable: {
    status: 503,
    type: 'server_error',
    fault: 'gateway',
    message:
      'The limits of the {owner} are shared with other processes, which do not respond at the moment. Try again shortly.',
  },
  journal_unavailable: {
    status: 503,
    type: 'server_error',
    fault: 'gateway',
    message:
      'The gateway cannot record the use of this request, and spend.on_full is "refuse". Try again shortly.',
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
  ...OWN_USE_REFUSALS,
  ...CACHE_REFUSALS,
} as const satisfies Record<string, RefusalEntry>;

/** One refusal. */
export interface RefusalEntry {
  readonly status: number;
  readonly type: string;
  readonly fault: 'client' | 'provider' | 'operator' | 'gateway';
  readonly message: string;
  /** Set if retrying is useless although the status suggests otherwise. */
  readonly isFinal?: true;
}

/** The codes that clients see. */
export type RefusalCode = keyof typeof REFUSALS;

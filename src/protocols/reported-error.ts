import { asObject, type JsonObject } from './json-object.ts';

/** The kind of a provider's error, in terms that all APIs share. */
export type ErrorKind =
  | 'invalid'
  | 'context-length'
  | 'content-policy'
  | 'authentication'
  | 'billing'
  | 'quota'
  | 'permission'
  | 'not-found'
  | 'too-large'
  | 'rate-limit'
  | 'server'
  | 'overloaded'
  | 'timeout'
  | 'unknown';

/** An error that a provider reported under status 200, in a stream event or instead of an answer. */
export interface ReportedError {
  readonly kind: ErrorKind;
  /** The HTTP status that corresponds to the error. */
  readonly status: number;
  /** The provider's own message, cut off after 4,000 characters. */
  readonly message: string;
  /** The provider's error type, or OpenAI's for the kind. */
  readonly type: string;
  /** The provider's error code, or OpenAI's for the kind if it has one. */
  readonly code: string | null;
  readonly param: string | null;
  /** The wait that the message asks for ("Please try again in 1.5s"), in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Reads the error in an event's data or a whole answer of any API: `{"error":{…}}`, `{"error":"text"}`,
 * `{"type":"error",…}`, `{"type":"response.failed","response":{"error":{…}}}`, a choice with an `error`, or
 * `{"message"}`. Returns undefined if the object does not describe an error.
 */
export function reportedError(value: JsonObject): ReportedError | undefined {
  const report = reportIn(value);
  if (report === undefined) return undefined;
  const words = wordsIn(report);
  const { message, code, type, status } = words;
  if ((message ?? code ?? words.number ?? status) === undefined) return undefined;
  const kind = kindOf(words);
  const face = FACES[kind];
  return {
    kind,
    status: words.number ?? face.status,
    message: (message ?? code ?? 'The provider reported an error.').slice(0, MAX_MESSAGE_CHARS),
    type: type ?? face.type,
    code: code ?? face.code ?? null,
    param: textOf(report.param) ?? null,
    retryAfterMs: waitIn(message ?? '') ?? delayIn(report.details),
  };
}

const MAX_MESSAGE_CHARS = 4_000;

interface Face {
  readonly status: number;
  readonly type: string;
  readonly code?: string;
}

/** OpenAI's status, type and code for each kind of error. */
const FACES: Readonly<Record<ErrorKind, Face>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  'context-length': { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  'content-policy': { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
  authentication: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  billing: { status: 402, type: 'billing_error', code: 'billing_not_active' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  permission: { status: 403, type: 'permission_error' },
  'not-found': { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  'too-large': { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  'rate-limit': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  server: { status: 500, type: 'server_error' },
  overloaded: { status: 503, type: 'overloaded_error', code: 'overloaded' },
  timeout: { status: 504, type: 'timeout_error', code: 'timeout' },
  unknown: { status: 502, type: 'upstream_error' },
};

function reportIn(value: JsonObject): JsonObject | undefined {
  const { error } = value;
  if (typeof error === 'string' && error !== '') return { message: error, code: value.code };
  const inner = filled(error) ?? filled(asObject(value.response)?.error);
  if (inner !== undefined) return inner;
  if (Array.isArray(value.choices)) {
    const failed = value.choices
      .map((choice) => filled(asObject(choice)?.error))
      .find((each) => each !== undefined);
    if (failed !== undefined) return failed;
  }
  return value.type === 'error' || value.object === 'error' ? value : undefined;
}

/** Returns the value if it is a non-empty object. */
function filled(value: unknown): JsonObject | undefined {
  const object = asObject(value);
  return object === undefined || Object.keys(object).length === 0 ? undefined : object;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Some gateways put the HTTP status into `code`. */
function statusNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number <= 599
    ? number
    : undefined;
}

/** A canonical code of Google's, such as `RESOURCE_EXHAUSTED` (google/rpc/code.proto). */
function googleWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Z_]{4,40}$/.test(value) ? value : undefined;
}

interface Words {
  readonly code: string | undefined;
  readonly type: string | undefined;
  /** Google's name for the kind of error. */
  readonly status: string | undefined;
  readonly message: string | undefined;
  readonly number: number | undefined;
}

function wordsIn(report: JsonObject): Words {
  return {
    code: textOf(report.code),
    type: report.type === 'error' ? undefined : textOf(report.type),
    status: googleWord(report.status),
    message: textOf(report.message) ?? textOf(report.detail),
    number: statusNumber(report.code) ?? statusNumber(report.status),
  };
}

/**
 * Checks the code before the type, because it is more specific: OpenAI's type for a wrong key is
 * `invalid_request_error`.
 */
function kindOf({ code, type, status, message, number }: Words): ErrorKind {
  const kind =
    KINDS.get(code?.toLowerCase() ?? '') ??
    KINDS.get((type ?? status)?.toLowerCase() ?? '') ??
    kindOfStatus(number, code);
  const isVague = kind === 'invalid' || kind === 'unknown';
  return isVague && saysTooLong(message ?? '') ? 'context-length' : kind;
}

function kindOfStatus(status: number | undefined, code: string | undefined): ErrorKind {
  switch (status) {
    case undefined:
      // The Responses API has over a dozen of these codes, such as `invalid_image_format`, `invalid_base64_image` and
      // `image_too_large`.
      return code !== undefined &&
        /^(?:invalid_|unsupported_|empty_image|image_|failed_to_download)/.test(code)
        ? 'invalid'
        : 'unknown';
    case 401:
      return 'authentication';
    case 402:
      return 'billing';
    case 403:
      return 'permission';
    case 404:
      return 'not-found';
    case 408:
    case 504:
      return 'timeout';
    case 413:
      return 'too-large';
    case 429:
      return 'rate-limit';
    case 503:
    case 529:
      return 'overloaded';
    default:
      return status < 500 ? 'invalid' : 'server';
  }
}

/** The codes and types of OpenAI, Anthropic, Google and compatible servers. */
const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ['context_length_exceeded', 'context-length'],
  ['string_above_max_length', 'context-length'],
  ['invalid_prompt', 'invalid'],
  ['invalid_request', 'invalid'],
  ['invalid_request_error', 'invalid'],
  ['invalid_argument', 'invalid'],
  ['failed_precondition', 'invalid'],
  ['content_filter', 'content-policy'],
  ['content_policy_violation', 'content-policy'],
  ['image_content_policy_violation', 'content-policy'],
  ['misalignment_policy_violation', 'content-policy'],
  ['moderation_blocked', 'content-policy'],
  ['bio_policy', 'content-policy'],
  ['cyber_policy', 'content-policy'],
  ['authentication_error', 'authentication'],
  ['invalid_api_key', 'authentication'],
  ['unauthenticated', 'authentication'],
  ['billing_error', 'billing'],
  ['billing_not_active', 'billing'],
  ['insufficient_quota', 'quota'],
  ['usage_not_included', 'quota'],
  ['billing_hard_limit_reached', 'quota'],
  ['permission_error', 'permission'],
  ['permission_denied', 'permission'],
  ['unsupported_country', 'permission'],
  ['not_found_error', 'not-found'],
  ['not_found', 'not-found'],
  ['model_not_found', 'not-found'],
  ['request_too_large', 'too-large'],
  ['rate_limit_exceeded', 'rate-limit'],
  ['rate_limit_error', 'rate-limit'],
  ['too_many_requests', 'rate-limit'],
  ['resource_exhausted', 'rate-limit'],
  ['overloaded_error', 'overloaded'],
  ['overloaded', 'overloaded'],
  ['server_is_overloaded', 'overloaded'],
  ['engine_overloaded', 'overloaded'],
  ['slow_down', 'overloaded'],
  ['service_unavailable', 'overloaded'],
  ['unavailable', 'overloaded'],
  ['timeout_error', 'timeout'],
  ['timeout', 'timeout'],
  ['request_timeout', 'timeout'],
  ['gateway_timeout', 'timeout'],
  ['vector_store_timeout', 'timeout'],
  ['deadline_exceeded', 'timeout'],
  ['server_error', 'server'],
  ['api_error', 'server'],
  ['internal_error', 'server'],
  ['internal_server_error', 'server'],
  ['internal', 'server'],
]);

function saysTooLong(message: string): boolean {
  const words = message.toLowerCase();
  return TOO_LONG.some((text) => words.includes(text));
}

/**
 * Phrases of providers that have no code for a prompt that is too long. `translation/error-kinds.ts` knows the same, and a
 * test compares both.
 */
const TOO_LONG = [
  'prompt is too long',
  'input token count',
  'input is too long for requested model',
  'number of input tokens exceeds maximum length',
  'maximum context length',
  'exceeds the available context size',
  'exceed context limit',
  'exceeds the context window',
  'context length is only',
  'longer than the maximum model length',
  "longer than the model's context length",
  'greater than the context length',
  'prompt too long; exceeded',
  'maximum prompt length is',
  'reduce the length of the messages',
  'context window exceeds limit',
  'exceeded model token limit',
];

/** The wait that Google reports in milliseconds (google.rpc.RetryInfo). */
function delayIn(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const delay = details.map((detail) => asObject(detail)?.retryDelay).find((each) => each !== undefined);
  const seconds = typeof delay === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(delay)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

const WAIT = /(?:try again|retry) in ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s)){1,3})/i;
const WAIT_PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/gi;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Parses the wait in a message such as "Please try again in 6m0.5s.", in milliseconds. */
function waitIn(message: string): number | undefined {
  const found = WAIT.exec(message)?.[1];
  if (found === undefined) return undefined;
  let ms = 0;
  for (const [, amount, unit] of found.matchAll(WAIT_PART)) {
    ms += Number(amount) * (UNITS_MS[unit?.toLowerCase() ?? ''] ?? 0);
  }
  return Math.ceil(ms);
}

import { type Answer, errorAnswer, statusOf, wholeAnswer } from '../answer.ts';
import type { ApiError } from '../api-error.ts';
import { errorBody, errorHeaders } from '../api-error.ts';
import { type Fault, fault } from '../fault.ts';
import type { Header } from '../http/request-head.ts';

type KnownError = readonly [status: number, type: string, code: string | null, message: string];

/** The errors that providers report with each status. */
const ERRORS: readonly KnownError[] = [
  [400, 'invalid_request_error', null, 'The request could not be understood.'],
  [401, 'invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  [
    402,
    'insufficient_quota',
    'billing_not_active',
    'Your account is not active, please check your billing details.',
  ],
  [403, 'permission_error', 'unsupported_country', 'Country, region, or territory not supported.'],
  [
    404,
    'invalid_request_error',
    'model_not_found',
    'The model does not exist or you do not have access to it.',
  ],
  [408, 'timeout_error', 'request_timeout', 'The request timed out.'],
  [413, 'invalid_request_error', 'request_too_large', 'The request is too large.'],
  [422, 'invalid_request_error', 'unprocessable_entity', 'The request could not be processed.'],
  [429, 'rate_limit_error', 'rate_limit_exceeded', 'Rate limit reached for requests.'],
  [500, 'server_error', null, 'The server had an error while processing your request.'],
  [502, 'server_error', 'bad_gateway', 'Bad gateway.'],
  [503, 'server_error', 'service_unavailable', 'The engine is currently overloaded, please try again later.'],
  [504, 'server_error', 'gateway_timeout', 'The upstream did not answer in time.'],
  [529, 'overloaded_error', 'overloaded', 'Overloaded.'],
];

/** The error that a provider would report with a status. */
export function errorOfStatus(status: number): ApiError {
  const known = ERRORS.find(([number]) => number === status);
  if (known !== undefined) return { status, type: known[1], code: known[2], message: known[3] };
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { status, type, code: null, message: `The mock provider answers with status ${status}.` };
}

const PARAMS = { 'retry-after': '', 'retry-after-ms': '', body: 'json', bytes: 2_000_000 } as const;
type StatusParams = Readonly<Record<'retry-after' | 'retry-after-ms' | 'body', string>> & {
  readonly bytes: number;
};

const RATE_LIMIT_SUMMARY =
  'Status 429 rate_limit_exceeded; retry-after=7|date|date:30|absurd|none or any text, retry-after-ms=1500; once: times=1.';

/** An error status in place of the answer. */
export const STATUS_FAULTS: readonly Fault[] = [
  fault({
    name: 'status',
    summary: 'The status `code` (300-999); body=json|html|text|truncated|huge|empty, retry-after as for 429.',
    params: { code: 500, ...PARAMS },
    play: (answer, params) => statusAnswer(answer, errorOfStatus(params.code), params),
  }),
  fault({
    name: 'odd-status',
    summary: 'A `code` beyond 599, which is not an HTTP status.',
    params: { code: 999 },
    play: (answer, { code }) => ({ ...answer, status: code }),
  }),
  ...ERRORS.map(([status, , code, message]) =>
    fault({
      name: String(status),
      summary:
        status === 429
          ? RATE_LIMIT_SUMMARY
          : `Status ${status}${code === null ? '' : ` ${code}`}: ${message}`,
      params: { ...PARAMS, 'retry-after': status === 429 ? '1' : '' },
      play: (answer, params) => statusAnswer(answer, errorOfStatus(status), params),
    }),
  ),
  named('context-length', 'Status 400 context_length_exceeded.', {
    status: 400,
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
    message:
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    param: 'messages',
  }),
  named('content-policy', 'Status 400 content_policy_violation.', {
    status: 400,
    type: 'invalid_request_error',
    code: 'content_policy_violation',
    message: 'Your request was rejected as a result of our safety system.',
  }),
  named('quota', 'Status 429 insufficient_quota, without Retry-After.', {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  }),
  fault({
    name: '502-html',
    summary: 'Status 502 with an HTML page, as load balancers send.',
    params: {},
    play: (answer) => statusAnswer(answer, errorOfStatus(502), { ...PARAMS, body: 'html' }),
  }),
  fault({
    name: 'redirect',
    summary: 'Redirects with status `code` to `location`.',
    params: { code: 307, location: 'http://127.0.0.1:9/elsewhere' },
    play: ({ dialect }, { code, location }) =>
      wholeAnswer('', 'text/plain', { dialect, status: code, headers: [['Location', location]] }),
  }),
];

function named(name: string, summary: string, error: ApiError): Fault {
  return fault({ name, summary, params: {}, play: ({ dialect }) => errorAnswer(error, dialect) });
}

function statusAnswer({ dialect }: Answer, error: ApiError, params: StatusParams): Answer {
  const headers = [...errorHeaders(error, dialect), ...retryHeaders(params)];
  const shape = { dialect, status: statusOf(error, dialect), headers };
  const json = errorBody(error, dialect);
  switch (params.body) {
    case 'html':
      return wholeAnswer(htmlPage(error.status, error.message), 'text/html', shape);
    case 'text':
      return wholeAnswer(error.message, 'text/plain', shape);
    case 'empty':
      return wholeAnswer('', 'application/json', shape);
    case 'truncated':
      return wholeAnswer(json.slice(0, json.length >> 1), 'application/json', shape);
    case 'huge': {
      const message = `${error.message} ${'x'.repeat(params.bytes)}`;
      return wholeAnswer(errorBody({ ...error, message }, dialect), 'application/json', shape);
    }
    default:
      return wholeAnswer(json, 'application/json', shape);
  }
}

/** An HTML page such as a load balancer's. */
export function htmlPage(status: number, title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>\n`;
}

const ABSURD_SECONDS = '99999999999999999999';

function retryHeaders(params: StatusParams): readonly Header[] {
  const headers: Header[] = [];
  const value = retryAfter(params['retry-after']);
  if (value !== '') headers.push(['Retry-After', value]);
  if (params['retry-after-ms'] !== '') headers.push(['Retry-After-Ms', params['retry-after-ms']]);
  return headers;
}

function retryAfter(wanted: string): string {
  if (wanted === 'none') return '';
  if (wanted === 'absurd') return ABSURD_SECONDS;
  const date = /^date(?::(\d+))?$/.exec(wanted);
  if (date === null) return wanted;
  return new Date(Date.now() + Number(date[1] ?? 5) * 1000).toUTCString();
}

/** The error properties that these shapes report. */
interface Told {
  readonly status: number;
  readonly code: string | null;
  readonly message: string;
}

/** Google's or AWS's wording in place of OpenAI's for a prompt that is too long. */
export function wordsOf({ code, message }: Told, words: string): string {
  return code === 'context_length_exceeded' ? words : message;
}

const TOO_MANY_TOKENS =
  'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';

/** An error of Google's APIs (https://cloud.google.com/apis/design/errors). */
export function geminiError(error: Told): unknown {
  const { status } = error;
  const message = wordsOf(error, TOO_MANY_TOKENS);
  // Google has no status for overload and answers 503.
  const code = status === 529 ? 503 : status;
  const details = detailsOf(error);
  return {
    error: {
      code,
      message,
      status: GOOGLE_STATUSES[code] ?? (code < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL'),
      ...(details.length > 0 && { details }),
    },
  };
}

const GOOGLE_STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function detailsOf({ status, code }: Told): readonly unknown[] {
  if (status === 429 && code !== 'insufficient_quota')
    return [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }];
  if (code !== 'invalid_api_key') return [];
  return [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
    },
  ];
}

/** The value of `x-amzn-ErrorType`: the exception, a colon and its origin, as AWS sends it. */
export function bedrockErrorType(error: Told): string {
  const name = bedrockException(error);
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}:http://internal.amazon.com/coral/com.amazon.bedrock/`;
}

/** The exception name in event streams, which starts in lower case. */
export function bedrockException({ status, code }: Told): string {
  if (code === 'unrecognized_client') return 'unrecognizedClientException';
  if (code === 'insufficient_quota') return 'serviceQuotaExceededException';
  return EXCEPTIONS[status] ?? (status < 500 ? 'validationException' : 'internalServerException');
}

const EXCEPTIONS: Readonly<Record<number, string>> = {
  400: 'validationException',
  401: 'unrecognizedClientException',
  403: 'accessDeniedException',
  404: 'resourceNotFoundException',
  408: 'modelTimeoutException',
  424: 'modelErrorException',
  429: 'throttlingException',
  500: 'internalServerException',
  503: 'serviceUnavailableException',
  529: 'serviceUnavailableException',
};

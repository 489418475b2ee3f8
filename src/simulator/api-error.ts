import { bedrockErrorType, bedrockException, geminiError, wordsOf } from './error-shapes.ts';
import type { Header } from './http/request-head.ts';
import type { StreamEvent } from './item.ts';

/** The API family whose shapes an endpoint uses. */
export type Dialect = 'openai' | 'responses' | 'anthropic' | 'gemini' | 'bedrock';

/** An error as providers report it. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
  readonly param?: string;
}

/** A request that the simulator itself refuses, as a provider would. */
export class Refused extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.message);
    this.error = error;
  }
}

/** An invalid request: status 400, or the given one. */
export function badRequest(message: string, code: string | null = null, status = 400): Refused {
  return new Refused({ status, type: 'invalid_request_error', code, message });
}

/** The body of an error answer. */
export function errorBody(error: ApiError, dialect: Dialect): string {
  return JSON.stringify(errorObject(error, dialect));
}

/** The header fields of an error. Bedrock names the kind of error there. */
export function errorHeaders(error: ApiError, dialect: Dialect): readonly Header[] {
  return dialect === 'bedrock' ? [['x-amzn-ErrorType', bedrockErrorType(error)]] : [];
}

/** The event that reports a stream's failure; in Bedrock's frames, an exception. */
export function errorEvent(error: ApiError, dialect: Dialect): StreamEvent {
  const event = (name: string, data: unknown): StreamEvent => {
    return { kind: 'event', part: 'error', name, data: JSON.stringify(data) };
  };
  switch (dialect) {
    case 'openai':
    case 'gemini':
      return event('', errorObject(error, dialect));
    case 'anthropic':
      return event('error', errorObject(error, dialect));
    case 'bedrock':
      return event(bedrockException(error), errorObject(error, dialect));
    case 'responses': {
      const { code, message, param = null } = error;
      return event('error', { type: 'error', code, message, param, sequence_number: 0 });
    }
  }
}

function errorObject(error: ApiError, dialect: Dialect): unknown {
  switch (dialect) {
    case 'openai':
    case 'responses':
      return openAiError(error);
    case 'anthropic':
      return anthropicError(error);
    case 'gemini':
      return geminiError(error);
    case 'bedrock':
      return { message: wordsOf(error, 'Input is too long for requested model.') };
  }
}

function openAiError({ message, type, param, code }: ApiError): unknown {
  return { error: { message, type, param: param ?? null, code } };
}

function anthropicError({ status, message }: ApiError): unknown {
  return { type: 'error', error: { type: ANTHROPIC_TYPES[status] ?? 'api_error', message } };
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

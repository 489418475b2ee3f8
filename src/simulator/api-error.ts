import type { StreamEvent } from './item.ts';

/** Whose shapes an endpoint speaks. */
export type Dialect = 'openai' | 'responses' | 'anthropic';

/** An error as providers report it. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
  readonly param?: string;
}

/** A request that the simulator refuses of its own accord, as a provider would. */
export class Refused extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.message);
    this.error = error;
  }
}

/** A request that is not valid: status 400, or the one given. */
export function badRequest(message: string, code: string | null = null, status = 400): Refused {
  return new Refused({ status, type: 'invalid_request_error', code, message });
}

/** The body of an answer that is an error. */
export function errorBody(error: ApiError, dialect: Dialect): string {
  return JSON.stringify(dialect === 'anthropic' ? anthropicError(error) : openAiError(error));
}

/** The event by which a stream says that it has failed. */
export function errorEvent(error: ApiError, dialect: Dialect): StreamEvent {
  switch (dialect) {
    case 'openai':
      return { kind: 'event', part: 'error', name: '', data: JSON.stringify(openAiError(error)) };
    case 'anthropic':
      return { kind: 'event', part: 'error', name: 'error', data: JSON.stringify(anthropicError(error)) };
    case 'responses': {
      const { code, message, param = null } = error;
      const data = JSON.stringify({ type: 'error', code, message, param, sequence_number: 0 });
      return { kind: 'event', part: 'error', name: 'error', data };
    }
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

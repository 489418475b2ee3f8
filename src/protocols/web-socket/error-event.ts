import type { LimitFacts } from '../error-body.ts';
import type { WebSocketApi } from './api.ts';

/** An error before it is formatted for an API. */
export interface SocketError {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly requestId: string;
  /** The limit of the gateway that refuses the request. */
  readonly limit?: LimitFacts | undefined;
}

/**
 * Formats the error event of an API. Realtime's has an `event_id`
 * (https://platform.openai.com/docs/api-reference/realtime-server-events/error), the Responses API's the equivalent
 * HTTP status.
 */
export function errorEvent(api: WebSocketApi, error: SocketError): string {
  const { status, type, code, message, param, requestId, limit } = error;
  const facts = { type, code, message, param, limit };
  switch (api) {
    case 'realtime':
      return JSON.stringify({ type: 'error', event_id: `event_${requestId}`, error: facts });
    case 'responses':
      return JSON.stringify({ type: 'error', status, error: facts });
  }
}

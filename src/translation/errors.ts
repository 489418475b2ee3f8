import type { ClientApi, ProviderApi } from './conversation.ts';
import type { HubError } from './hub-error.ts';

/** A provider's answer with an error status. */
export interface ErrorReply {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What the client is told: status and body in its own API's shape; `headers` holds `retry-after` where it is known. */
export interface ClientError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function readError(_api: ProviderApi, _reply: ErrorReply): HubError {
  throw new Error('not built');
}

export function writeError(_api: ClientApi, _error: HubError, _requestId: string): ClientError {
  throw new Error('not built');
}

export function rateLimitHeaders(
  _from: ProviderApi,
  _to: ClientApi,
  _headers: ReadonlyMap<string, string>,
  _now: number,
): Readonly<Record<string, string>> {
  throw new Error('not built');
}

import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import { errorEvent } from '../../protocols/web-socket/error-event.ts';
import { REFUSALS } from '../refusal-table.ts';
import type { Refusal } from '../refusals.ts';

/** Formats a refusal as an event of the client's API. */
export function refusalEvent(
  api: WebSocketApi,
  { code, status, message, param, limit }: Refusal,
  requestId: string,
): string {
  const { type } = REFUSALS[code];
  return errorEvent(api, { status, type, code, message, param, requestId, limit });
}

import type { Server } from 'bun';
import type { ServerState } from './server-state.ts';
import type { SocketData } from './web-sockets.ts';

/** A client refused before the end of its body may send the rest, which is discarded, but must not stall for ever. */
const LEFTOVER_SECONDS = 30;

/**
 * Closes the connection if the rest of a refused body does not arrive. Does not affect the next request on the
 * connection.
 */
export function boundLeftover(
  response: Response,
  { request, server }: { readonly request: Request; readonly server: Server<SocketData> },
  { gateway }: ServerState,
): Response {
  if (response.status < 400 || !hasLeftover(response, request)) return response;
  const bodySeconds = Math.ceil(gateway.snapshot().server.bodyTimeoutMs / 1_000);
  server.timeout(request, Math.max(1, Math.min(LEFTOVER_SECONDS, bodySeconds)));
  return response;
}

/** Whether part of the body may be unread. */
function hasLeftover({ status }: Response, request: Request): boolean {
  if (request.bodyUsed && status !== BODY_TOO_LARGE) return false;
  return request.headers.has('content-length') || request.headers.has('transfer-encoding');
}

const BODY_TOO_LARGE = 413;

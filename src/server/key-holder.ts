import type { Server } from 'bun';
import { clientOf } from './admin-endpoint.ts';
import { answerAboutKey } from './key-endpoint.ts';
import { keyOfSession } from './playground.ts';
import type { RequestTarget } from './request-target.ts';
import type { ServerState } from './server-state.ts';
import type { SocketData } from './web-sockets.ts';

interface Arrival {
  readonly request: Request;
  readonly server: Server<SocketData>;
  readonly target: RequestTarget;
}

/**
 * Answers a key holder, identified by the key or its session. Calls `otherwise` if the request turns out to be for a
 * provider.
 */
export function answerKeyHolder(
  { request, server, target }: Arrival,
  state: ServerState,
  otherwise: () => Promise<Response>,
): Promise<Response> | undefined {
  const { gateway, keyUse, admin } = state;
  const client = clientOf(request, server, state);
  const context = { gateway, keyUse, clientAddress: () => client.address };
  if (admin === undefined || !request.headers.has('cookie')) return answerAboutKey(request, target, context);
  return keyOfSession(request, { admin, client, access: gateway.snapshot().access }).then(
    (key) => answerAboutKey(request, target, { ...context, key }) ?? otherwise(),
  );
}

import type { Server } from 'bun';
import type { AdminClient, AdminEndpoint } from './admin-port.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { handle } from '../gateway/handle.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { BodyBudget } from './body-budget.ts';
import { clientAddress, isClientSecure } from './client-address.ts';
import { PERMIT_HEADER, permitted, playgroundPath } from './playground.ts';
import { readBody } from './read-body.ts';
import type { ServerState } from './server-state.ts';
import type { SocketData } from './web-sockets.ts';

/** The Admin API's response, if the path is its own. It precedes CORS, since no web page may use it. */
export function administered(
  request: Request,
  server: Server<SocketData>,
  { admin, gateway, bodies }: Pick<ServerState, 'admin' | 'gateway' | 'bodies'>,
): Promise<Response> | undefined {
  if (admin === undefined || !/^[a-z]+:\/\/[^/?]*\/admin(?:[/?]|$)/.test(request.url)) return undefined;
  const target = playgroundPath(request);
  const client = clientOf(request, server, gateway.snapshot());
  if (target === undefined) return admin(request, client).then(withoutPermit);
  return play(request, target, { admin, server, gateway, bodies });
}

interface AdminContext {
  readonly admin: AdminEndpoint;
  readonly server: Server<SocketData>;
  readonly gateway: Gateway;
  readonly bodies: BodyBudget;
}

/** Serves a request of the playground in the name of a key. */
async function play(
  request: Request,
  target: { readonly path: string; readonly search: string },
  { admin, server, gateway, bodies }: AdminContext,
): Promise<Response> {
  const snapshot = gateway.snapshot();
  const client = clientOf(request, server, snapshot);
  const permit = await permitted(request, target, { admin, client, access: snapshot.access });
  if (permit instanceof Response) return permit;
  return handle(
    {
      ...permit,
      method: 'POST',
      signal: request.signal,
      isAnswered: () => server.requestIP(request) === null,
      clientAddress: () => client.address,
      readBody: (key) => readBody(request, snapshot.server, { budget: bodies, key }),
    },
    gateway,
  );
}

/** What the server alone may know. */
function withoutPermit(response: Response): Response {
  response.headers.delete(PERMIT_HEADER);
  response.headers.delete('x-llm-proxy-role');
  return response;
}

/** The client of a request, as the Admin API sees it. */
export function clientOf(
  request: Request,
  server: Server<SocketData>,
  { server: settings }: Snapshot,
): AdminClient {
  const { trustsProxy } = settings;
  const peer = server.requestIP(request)?.address ?? '';
  const address = clientAddress(peer, request.headers, trustsProxy);
  return { address, isSecure: isClientSecure(request, peer, trustsProxy) };
}

/** The client's address; '' if the connection is gone. */
export function addressOf(request: Request, server: Server<SocketData>, snapshot: Snapshot): string {
  const peer = server.requestIP(request)?.address ?? '';
  return clientAddress(peer, request.headers, snapshot.server.trustsProxy);
}

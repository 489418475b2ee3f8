import type { Server } from 'bun';
import { handle } from '../gateway/handle.ts';
import type { AdminClient, AdminEndpoint } from './admin-port.ts';
import { clientAddress, isClientSecure } from './client-address.ts';
import { type HandedOverPeers, INNER_HOST, type Peer } from './lean/handed-over.ts';
import { PERMIT_HEADER, permitted, playgroundPath } from './playground.ts';
import { readBody } from './read-body.ts';
import { responseOf } from './response.ts';
import type { ServerState } from './server-state.ts';
import type { SocketData } from './web-sockets.ts';

/** The Admin API's response, if the path is its own. It precedes CORS, since no web page may use it. */
export function administered(
  request: Request,
  server: Server<SocketData>,
  state: ServerState,
): Promise<Response> | undefined {
  const { admin, part } = state;
  if (admin === undefined || part === 'api' || !/^[a-z]+:\/\/[^/?]*\/admin(?:[/?]|$)/.test(request.url))
    return undefined;
  const target = playgroundPath(request);
  const client = clientOf(request, server, state);
  if (target === undefined) return admin(request, client).then(withoutPermit);
  return play({ request, server, target, client, admin }, state);
}

interface Play {
  readonly request: Request;
  readonly server: Server<SocketData>;
  readonly target: { readonly path: string; readonly search: string };
  readonly client: AdminClient;
  readonly admin: AdminEndpoint;
}

/** Serves a request of the playground in the name of a key. */
async function play({ request, server, target, client, admin }: Play, state: ServerState): Promise<Response> {
  const { gateway, bodies } = state;
  const snapshot = gateway.snapshot();
  const permit = await permitted(request, target, { admin, client, access: snapshot.access });
  if (permit instanceof Response) return permit;
  const answer = await handle(
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
  return responseOf(answer);
}

/** Removes the headers that only the server may know. */
function withoutPermit(response: Response): Response {
  response.headers.delete(PERMIT_HEADER);
  response.headers.delete('x-llm-proxy-role');
  return response;
}

/** The client of a request, as the Admin API sees it. */
export function clientOf(
  request: Request,
  server: Server<SocketData>,
  { gateway, handedOver }: Pick<ServerState, 'gateway' | 'handedOver'>,
): AdminClient {
  const { trustsProxy } = gateway.snapshot().server;
  const peer = peerOf(request, server, handedOver);
  const address = clientAddress(peer.address, request.headers, trustsProxy);
  return { address, isSecure: isClientSecure(request.headers, peer, trustsProxy) };
}

/** The client's address; '' if the connection is gone. */
export function addressOf(
  request: Request,
  server: Server<SocketData>,
  { gateway, handedOver }: Pick<ServerState, 'gateway' | 'handedOver'>,
): string {
  const { trustsProxy } = gateway.snapshot().server;
  return clientAddress(peerOf(request, server, handedOver).address, request.headers, trustsProxy);
}

/** The client of a connection. The address is '' if the connection is gone. */
function peerOf(request: Request, server: Server<SocketData>, handedOver: HandedOverPeers | undefined): Peer {
  const { address = '', port = 0 } = server.requestIP(request) ?? {};
  if (handedOver === undefined) return { address, isTls: server.protocol === 'https' };
  // The port alone is not enough: from another address of the loopback network, anybody may use the same one.
  return (address === INNER_HOST ? handedOver.get(port) : undefined) ?? NOBODY;
}

const NOBODY: Peer = { address: '', isTls: false };

/** Whether a request came past the server that hands connections over. */
export function isIntruder(
  request: Request,
  server: Server<SocketData>,
  handedOver: HandedOverPeers | undefined,
): boolean {
  return handedOver !== undefined && peerOf(request, server, handedOver) === NOBODY;
}

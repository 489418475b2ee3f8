import type { Server } from 'bun';
import type { Gateway } from '../gateway/ports.ts';
import { clientAddress, isClientSecure } from './client-address.ts';
import type { HandedOverPeers } from './lean/handed-over.ts';
import type { ServerState } from './server-state.ts';
import type { SocketData } from './web-sockets.ts';

/** The Admin API from the server's view. Never rejects. */
export type AdminEndpoint = (request: Request, client: AdminClient) => Promise<Response>;

/** The client of a request to the Admin API. */
export interface AdminClient {
  /** Its address; '' if the connection is gone. */
  readonly address: string;
  /** Whether it uses TLS, to us or to a trusted proxy. */
  readonly isSecure: boolean;
}

/** The Admin API's response, if the path is its own. It precedes CORS, since no web page may use it. */
export function administered(
  request: Request,
  {
    admin,
    server,
    gateway,
    handedOver,
  }: {
    readonly admin: AdminEndpoint | undefined;
    readonly server: Server<SocketData>;
    readonly gateway: Gateway;
    readonly handedOver: HandedOverPeers | undefined;
  },
): Promise<Response> | undefined {
  if (admin === undefined || !/^[a-z]+:\/\/[^/?]*\/admin(?:[/?]|$)/.test(request.url)) return undefined;
  const { trustsProxy } = gateway.snapshot().server;
  const peer = peerOf(request, server, handedOver);
  const address = clientAddress(peer, request.headers, trustsProxy);
  return admin(request, { address, isSecure: isClientSecure(request, peer, trustsProxy) });
}

/** The client's address; '' if the connection is gone. */
export function addressOf(
  request: Request,
  server: Server<SocketData>,
  { gateway, handedOver }: Pick<ServerState, 'gateway' | 'handedOver'>,
): string {
  const { trustsProxy } = gateway.snapshot().server;
  return clientAddress(peerOf(request, server, handedOver), request.headers, trustsProxy);
}

/** The address that connected; '' if the connection is gone. */
function peerOf(
  request: Request,
  server: Server<SocketData>,
  handedOver: HandedOverPeers | undefined,
): string {
  const peer = server.requestIP(request);
  if (peer === null) return '';
  return handedOver === undefined ? peer.address : (handedOver.get(peer.port) ?? '');
}

/** Whether a request came past the server that hands connections over. */
export function isIntruder(
  request: Request,
  server: Server<SocketData>,
  handedOver: HandedOverPeers | undefined,
): boolean {
  return handedOver !== undefined && peerOf(request, server, handedOver) === '';
}

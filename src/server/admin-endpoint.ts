import type { Server } from 'bun';
import type { Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import { clientAddress, isClientSecure } from './client-address.ts';
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
  }: {
    readonly admin: AdminEndpoint | undefined;
    readonly server: Server<SocketData>;
    readonly gateway: Gateway;
  },
): Promise<Response> | undefined {
  if (admin === undefined || !/^[a-z]+:\/\/[^/?]*\/admin(?:[/?]|$)/.test(request.url)) return undefined;
  const { trustsProxy } = gateway.snapshot().server;
  const peer = server.requestIP(request)?.address ?? '';
  const address = clientAddress(peer, request.headers, trustsProxy);
  return admin(request, { address, isSecure: isClientSecure(request, peer, trustsProxy) });
}

/** The client's address; '' if the connection is gone. */
export function addressOf(request: Request, server: Server<SocketData>, snapshot: Snapshot): string {
  const peer = server.requestIP(request)?.address ?? '';
  return clientAddress(peer, request.headers, snapshot.server.trustsProxy);
}

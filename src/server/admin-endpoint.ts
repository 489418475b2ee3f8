import type { Server } from 'bun';
import type { Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import { clientAddress } from './client-address.ts';
import type { SocketData } from './web-sockets.ts';

/** The Admin API from the server's view. Never rejects. */
export type AdminEndpoint = (request: Request, clientAddress: string) => Promise<Response>;

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
  return admin(request, addressOf(request, server, gateway.snapshot()));
}

/** The client's address; '' if the connection is gone. */
export function addressOf(request: Request, server: Server<SocketData>, snapshot: Snapshot): string {
  const peer = server.requestIP(request)?.address ?? '';
  return clientAddress(peer, request.headers, snapshot.server.trustsProxy);
}

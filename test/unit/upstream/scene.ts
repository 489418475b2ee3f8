import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Provider } from '../../../src/config/snapshot.ts';
import type { Cancellation, UpstreamReply, UpstreamRequest } from '../../../src/gateway/ports.ts';
import { snapshotOf } from '../config/configuration.ts';

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Functions that close everything that a test has opened. */
export const closing: (() => unknown)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

export interface Provided {
  readonly port: number;
  readonly sockets: readonly Socket[];
  /** The number of open connections. */
  readonly open: () => number;
}

/** A server that handles each connection with `serve`. Connections are numbered from 0. */
export async function provide(
  serve: (socket: Socket, number: number) => void,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Provided> {
  const sockets: Socket[] = [];
  const take = (socket: Socket): void => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    serve(socket, sockets.length - 1);
  };
  const server: Server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, sockets, open: () => sockets.filter(({ destroyed }) => !destroyed).length };
}

/** Answers each request. It does not look for the end of a request, because requests are small. */
export function answering(text: string | Buffer = OK): (socket: Socket) => void {
  return (socket) => socket.on('data', () => socket.write(text));
}

/** A cancellation that the test triggers by hand. */
export class ByHand implements Cancellation {
  isCancelled = false;
  onCancel: (() => void) | undefined;
  readonly now = (): void => {
    this.isCancelled = true;
    this.onCancel?.();
  };
}

/** Keeps one provider for each address and settings, as a configuration does. */
const providers = new Map<string, Provider>();

function provider(base: string, settings: string): Provider {
  const text = `providers: [{ name: p, api_base: "${base}", api_key: sk-provider, ${settings} }]\nallow_unauthenticated: true`;
  const known = providers.get(text) ?? snapshotOf(text).providers.get('p');
  if (known === undefined) throw new Error('no provider');
  providers.set(text, known);
  return known;
}

export function request(base: string | number, more: Partial<UpstreamRequest> & { settings?: string } = {}) {
  const { settings = 'weight: 1', ...rest } = more;
  return {
    provider: provider(typeof base === 'number' ? `http://127.0.0.1:${base}` : base, settings),
    method: 'POST',
    path: '/v1/chat/completions',
    search: '?a=1',
    clientHeaders: new Headers({ 'content-type': 'application/json', 'x-own': 'yes' }),
    clientCredentials: [],
    body: [Buffer.from('{"a":1}')],
    cancellation: new ByHand(),
    onConnectTimeout: () => undefined,
    ...rest,
  };
}

export async function textOf(reply: UpstreamReply): Promise<string> {
  if (reply.kind !== 'reply') return reply.kind === 'unreachable' ? reply.reason : reply.kind;
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value } = (await reply.body?.read()) ?? {};
    if (value === undefined) return Buffer.concat(pieces).toString('latin1');
    pieces.push(value);
  }
}

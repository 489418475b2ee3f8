import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { until } from './gateway.ts';

/** A WebSocket of the runtime's client, with everything that it received. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** The way it was closed. Undefined while it is open. */
  readonly closed: () => { readonly code: number; readonly reason: string } | undefined;
  readonly send: (event: unknown) => void;
  /** Resolves with the `count`th event of the type. */
  readonly event: (type: string, count?: number) => Promise<Readonly<Record<string, unknown>>>;
  readonly end: () => Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens a WebSocket to a gateway. Rejects with the handshake's status if the gateway refuses it. */
export async function openSocket(
  url: string,
  path: string,
  options: Bun.WebSocketOptions = {},
): Promise<SocketClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, options);
  const events: Record<string, unknown>[] = [];
  let closed: { code: number; reason: string } | undefined;
  let problem = '';
  socket.addEventListener('message', ({ data }) =>
    events.push(JSON.parse(String(data)) as Record<string, unknown>),
  );
  socket.addEventListener('error', ({ message }) => (problem = message));
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('close', ({ code, reason }) => {
      closed = { code, reason };
      reject(new Error(/code: (\d+)/.exec(problem)?.[1] ?? (problem || `closed ${code}`)));
    });
  });
  await opened;
  return {
    socket,
    events,
    closed: () => closed,
    send: (event) => socket.send(typeof event === 'string' ? event : JSON.stringify(event)),
    event: (type, count = 1) => until(() => events.filter((event) => event['type'] === type)[count - 1]),
    end: () => until(() => closed),
  };
}

/** The header that a raw handshake needs. */
export function handshake(path: string, fields: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: gateway.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...fields,
    '\r\n',
  ].join('\r\n');
}

/** A client on a raw socket, for frames that no library sends. */
export class RawSocket {
  readonly #socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;

  constructor(url: string, head: string) {
    this.#socket = connect(Number(new URL(url).port), '127.0.0.1', () => this.#socket.write(head));
    this.#socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** The head of the answer. */
  head(): Promise<string> {
    return until(() => {
      const end = this.received.indexOf('\r\n\r\n');
      return end === -1 ? undefined : this.received.toString('latin1', 0, end);
    });
  }

  /** Sends one frame. `first` is its first byte, with the FIN and compression bits. */
  frame(first: number, payload: Uint8Array): void {
    const mask = randomBytes(4);
    const head = Buffer.alloc(payload.length < 126 ? 2 : 10);
    head[0] = first;
    head[1] = 0x80 | (payload.length < 126 ? payload.length : 127);
    if (payload.length >= 126) head.writeBigUInt64BE(BigInt(payload.length), 2);
    const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

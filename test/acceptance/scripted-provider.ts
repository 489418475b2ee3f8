import { createServer, type Socket } from 'node:net';

/** A provider that answers every request with the script's bytes, in the script's pieces. */
export interface ScriptedProvider {
  readonly url: string;
  /** The requests so far, as they came. */
  readonly requests: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Writes the answer to a request (its head and body as text). Its writes go over the wire unchanged. */
export type Script = (request: string, socket: Socket) => void | Promise<void>;

/** Listens on a free port of the loopback address. Requests must have a Content-Length. */
export async function startScriptedProvider(script: Script): Promise<ScriptedProvider> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let text = '';
    socket.setEncoding('latin1').on('data', (bytes: string) => {
      text += bytes;
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (head === -1 || text.length < head + 4 + length) return;
      const request = text.slice(0, head + 4 + length);
      text = text.slice(request.length);
      requests.push(request);
      void script(request, socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One HTTP chunk. */
export function chunkOf(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** The head of an answer whose body is chunked. */
export function chunkedHead(contentType: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nTransfer-Encoding: chunked\r\n\r\n`;
}

import { connect } from 'node:net';
import type { Api } from './apis.ts';

/** One request over a new connection, byte by byte, and how it ended. */
export interface Exchange {
  /** NaN before the head has arrived. */
  readonly status: () => number;
  /** A field of the answer's head by its lower-case name. Undefined if it is missing. */
  readonly header: (name: string) => string | undefined;
  /** Bytes of the body so far. */
  readonly received: () => number;
  /** The body so far, without its framing. */
  readonly body: () => Buffer;
  readonly text: () => string;
  /** Resolves when the body is whole by its framing, or the connection has ended before; never rejects. */
  readonly ended: Promise<Ending>;
  /** Closes the connection as a client that leaves. */
  readonly leave: () => void;
  /** Stops taking bytes from the kernel. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** All received bytes, unchanged. */
  readonly wire: () => Buffer;
}

/** `whole` means that the framing is complete. Otherwise the connection ended early, with a FIN or a RST. */
export type Ending = 'whole' | 'fin' | 'rst';

export type HeaderFields = Readonly<Record<string, string>>;

/** Sends a POST with a JSON body to one of the APIs. */
export function ask(
  url: string,
  api: Pick<Api, 'path'>,
  body: unknown,
  headers: HeaderFields = {},
): Exchange {
  return exchange(url, postOf(api.path, JSON.stringify(body), headers));
}

/** The bytes of a POST. The body is sent unchanged. */
export function postOf(path: string, body: string | Uint8Array, headers: HeaderFields = {}): Buffer {
  const bytes = Buffer.from(body as string);
  const fields = Object.entries({ host: 'gateway', 'content-type': 'application/json', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${fields}content-length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}

/** Opens a connection, writes these bytes and reads the answer. */
export function exchange(url: string, sent: Uint8Array): Exchange {
  const { hostname, port } = new URL(url);
  const answer = createAnswer();
  let settle: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    settle = resolve;
  });
  const socket = connect(Number(port), hostname, () => socket.write(sent));
  socket.on('data', (bytes: Buffer) => {
    answer.push(bytes);
    if (!answer.isWhole()) return;
    settle('whole');
    socket.destroy();
  });
  socket.on('end', () => settle(answer.isWholeAtEnd() ? 'whole' : 'fin'));
  socket.on('error', () => settle('rst'));
  socket.on('close', () => settle('fin'));
  return {
    status: () => answer.status(),
    header: (name) => answer.header(name),
    received: () => answer.received(),
    body: () => answer.body(),
    text: () => answer.body().toString(),
    ended,
    leave: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    wire: () => answer.wire(),
  };
}

type Framing =
  | { readonly kind: 'head' }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'until-close' };

/** Puts an answer together, piece by piece. No byte is moved more often than it must: answers may be large. */
function createAnswer() {
  const pieces: Buffer[] = [];
  const body: Buffer[] = [];
  let framing: Framing = { kind: 'head' };
  let head = '';
  /** The bytes of an incomplete head or size line. */
  let line = Buffer.alloc(0);
  /** The bytes of a chunk and its line end that are still to come. */
  let missing = 0;
  let received = 0;
  let isLastChunk = false;

  function take(bytes: Buffer): void {
    received += bytes.length;
    if (bytes.length > 0) body.push(bytes);
  }

  function takeHead(bytes: Buffer): void {
    line = Buffer.concat([line, bytes]);
    const end = line.indexOf('\r\n\r\n');
    if (end === -1) return;
    head = line.subarray(0, end).toString('latin1');
    const rest = line.subarray(end + 4);
    line = Buffer.alloc(0);
    const length = header('content-length');
    if (header('transfer-encoding')?.toLowerCase() === 'chunked') framing = { kind: 'chunked' };
    else if (length === undefined) framing = { kind: 'until-close' };
    else framing = { kind: 'length', bytes: Number(length) };
    push(rest);
  }

  function takeChunks(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0 && !isLastChunk) {
      if (missing > 0) {
        take(rest.subarray(0, Math.max(0, missing - 2)));
        const taken = Math.min(missing, rest.length);
        missing -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      line = Buffer.concat([line, rest]);
      const end = line.indexOf('\r\n');
      if (end === -1) return;
      const size = Number.parseInt(line.subarray(0, end).toString('latin1'), 16);
      rest = line.subarray(end + 2);
      line = Buffer.alloc(0);
      missing = size + 2;
      isLastChunk = size === 0;
    }
  }

  function push(bytes: Buffer): void {
    switch (framing.kind) {
      case 'head':
        return takeHead(bytes);
      case 'chunked':
        return takeChunks(bytes);
      case 'length':
      case 'until-close':
        return take(bytes);
    }
  }

  function header(name: string): string | undefined {
    const lines = head.split('\r\n').slice(1);
    const values = lines
      .filter((each) => each.toLowerCase().startsWith(`${name}:`))
      .map((each) => each.slice(name.length + 1).trim());
    return values.length === 0 ? undefined : values.join(', ');
  }

  return {
    push(bytes: Buffer): void {
      pieces.push(bytes);
      push(bytes);
    },
    header,
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    received: () => received,
    body: () => Buffer.concat(body),
    wire: () => Buffer.concat(pieces),
    isWhole: () => isLastChunk || (framing.kind === 'length' && received >= framing.bytes),
    /** A body without framing ends with its connection. */
    isWholeAtEnd: () => framing.kind === 'until-close',
  };
}

import { connect } from 'node:net';
import type { Api } from './apis.ts';

/** One request on a connection of its own, down to the bytes, and how it ended. */
export interface Exchange {
  /** NaN while the head is not there. */
  readonly status: () => number;
  /** A field of the answer's head by its lower-case name; undefined where it is not there. */
  readonly header: (name: string) => string | undefined;
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
  /** Everything that came, as it came. */
  readonly wire: () => Buffer;
}

/** `whole`: the framing says that this is all. Else the connection ended in the middle, with a FIN or a RST. */
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

/** The bytes of a POST; the body as it is. */
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

/** Opens a connection, writes these bytes and takes what comes. */
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
    body: () => answer.body(),
    text: () => answer.body().toString(),
    ended,
    leave: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    wire: () => answer.wire(),
  };
}

interface Framing {
  readonly bodyStart: number;
  readonly isChunked: boolean;
  readonly length: number | undefined;
}

/** Puts an answer together, piece by piece; what was taken apart once is not looked at again. */
function createAnswer() {
  const pieces: Buffer[] = [];
  const body: Buffer[] = [];
  let rest = Buffer.alloc(0);
  let head = '';
  let framing: Framing | undefined;
  let received = 0;
  let isLastChunk = false;

  function takeHead(): void {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return;
    head = rest.subarray(0, end).toString('latin1');
    rest = rest.subarray(end + 4);
    const length = header('content-length');
    framing = {
      bodyStart: end + 4,
      isChunked: header('transfer-encoding')?.toLowerCase() === 'chunked',
      length: length === undefined ? undefined : Number(length),
    };
  }

  function takeBody(bytes: Buffer): void {
    received += bytes.length;
    body.push(bytes);
  }

  function takeChunks(): void {
    while (!isLastChunk) {
      const lineEnd = rest.indexOf('\r\n');
      if (lineEnd === -1) return;
      const size = Number.parseInt(rest.subarray(0, lineEnd).toString('latin1'), 16);
      const end = lineEnd + 2 + size;
      if (rest.length < end + 2) return;
      if (size === 0) isLastChunk = true;
      else takeBody(rest.subarray(lineEnd + 2, end));
      rest = rest.subarray(end + 2);
    }
  }

  function header(name: string): string | undefined {
    const lines = head.split('\r\n').slice(1);
    const values = lines
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
    return values.length === 0 ? undefined : values.join(', ');
  }

  return {
    push(bytes: Buffer): void {
      pieces.push(bytes);
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      if (framing === undefined) takeHead();
      if (framing === undefined) return;
      if (framing.isChunked) takeChunks();
      else {
        takeBody(rest);
        rest = Buffer.alloc(0);
      }
    },
    header,
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    body: () => Buffer.concat(body),
    wire: () => Buffer.concat(pieces),
    isWhole: () =>
      framing !== undefined && (isLastChunk || (framing.length !== undefined && received >= framing.length)),
    /** A body without framing ends with its connection. */
    isWholeAtEnd: () => framing !== undefined && !framing.isChunked && framing.length === undefined,
  };
}

import type { AdminEndpoint } from '../server/admin-port.ts';
import type { SentChunk, SentRequest, SentResponse } from './worker-calls.ts';

/** The largest body that is forwarded. The Admin API accepts less, and says so. */
const MOST_BYTES = 2 * 1024 * 1024;

/** The Admin API of a worker: another process answers its requests. */
export class ForwardedAdmin {
  readonly #send: (request: SentRequest) => Promise<SentResponse>;
  readonly #cancel: (stream: number) => void;
  readonly #streams = new Map<number, ForwardedStream>();

  constructor(send: (request: SentRequest) => Promise<SentResponse>, cancel: (stream: number) => void) {
    this.#send = send;
    this.#cancel = cancel;
  }

  readonly endpoint: AdminEndpoint = async (request, client) => {
    const { method, url, headers } = request;
    const body = await firstBytes(request);
    const answer = await this.#send({ method, url, headers: [...headers], body, client });
    const { stream: id, status } = answer;
    const sent = id === undefined ? answer.body : this.#open(id);
    return new Response(status === 204 || status === 304 ? null : sent, {
      status,
      headers: answer.headers.map(pair),
    });
  };

  /** Takes a piece of a response that streams. Resolves when the client wants more; false: the client has left. */
  readonly receive = async ({ stream: id, bytes }: SentChunk): Promise<boolean> => {
    const stream = this.#streams.get(id);
    if (stream === undefined) return false;
    if (bytes !== undefined) return stream.push(bytes);
    stream.close();
    this.#streams.delete(id);
    return false;
  };

  #open(id: number): ReadableStream<Uint8Array> {
    const stream = new ForwardedStream(() => {
      this.#streams.delete(id);
      this.#cancel(id);
    });
    this.#streams.set(id, stream);
    return stream.readable;
  }
}

/** A response that arrives piece by piece. */
class ForwardedStream {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wanted = Promise.withResolvers<boolean>();

  constructor(onCancel: () => void) {
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wanted.resolve(true),
      cancel: () => {
        this.#controller = undefined;
        this.#wanted.resolve(false);
        onCancel();
      },
    });
  }

  push(bytes: Uint8Array): Promise<boolean> {
    const controller = this.#controller;
    if (controller === undefined) return Promise.resolve(false);
    this.#wanted = Promise.withResolvers();
    controller.enqueue(bytes);
    if ((controller.desiredSize ?? 0) > 0) this.#wanted.resolve(true);
    return this.#wanted.promise;
  }

  close(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }
}

/** Answers the requests that workers forward. */
export class AdminReceiver {
  readonly #admin: AdminEndpoint | undefined;
  readonly #streams = new Map<number, () => void>();
  #lastStream = 0;

  constructor(admin: AdminEndpoint | undefined) {
    this.#admin = admin;
  }

  /** Answers a request. `send` receives the pieces of a response that streams, after this has resolved. */
  async answer(
    { method, url, headers, body, client }: SentRequest,
    send: (chunk: SentChunk) => Promise<boolean>,
  ): Promise<SentResponse> {
    if (this.#admin === undefined) throw new Error('there is no Admin API here');
    const hasBody = method !== 'GET' && method !== 'HEAD' && body.byteLength > 0;
    const request = new Request(url, { method, headers: headers.map(pair), ...(hasBody && { body }) });
    const response = await this.#admin(request, client);
    const head = { status: response.status, headers: [...response.headers] };
    if (response.body === null || response.headers.get('content-type') !== 'text/event-stream')
      return { ...head, body: await response.bytes(), stream: undefined };
    this.#lastStream += 1;
    const stream = this.#lastStream;
    void this.#pump(response.body, stream, send);
    return { ...head, body: new Uint8Array(), stream };
  }

  /** The client of a stream has left. */
  cancel(stream: number): void {
    this.#streams.get(stream)?.();
  }

  async #pump(
    body: ReadableStream<Uint8Array>,
    stream: number,
    send: (chunk: SentChunk) => Promise<boolean>,
  ): Promise<void> {
    const reader = body.getReader();
    this.#streams.set(stream, () => void reader.cancel().catch(() => undefined));
    // The head has to arrive first.
    await Bun.sleep(0);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        const isWanted = await send({ stream, bytes: done ? undefined : value });
        if (done || !isWanted) break;
      }
    } catch {
      // The worker is gone, and its clients with it.
    }
    this.#streams.delete(stream);
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads the body, or enough of it to see that it is too large. */
async function firstBytes({ body }: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function pair([name, value]: readonly [string, string]): [string, string] {
  return [name, value];
}

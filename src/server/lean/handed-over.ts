import type { Socket } from 'bun';
import { PendingBytes } from './pending-bytes.ts';

/** The client's side of a connection. */
export interface Peer {
  readonly address: string;
  readonly isTls: boolean;
}

/** The clients of connections that were handed over, by the port of the inner connection. */
export type HandedOverPeers = Map<number, Peer>;

/** The interface on which the runtime's server listens, and from which all inner connections come. */
export const INNER_HOST = '127.0.0.1';

const RESET_GRACE_MS = 100;

/** How long a client may go on sending after the last answer. */
export const DISCARD_MS = 5_000;

/**
 * The runtime's server takes a client that has finished sending for one that has gone. It is told after this silence, in
 * which the client gets its answer if it is waiting for one.
 */
const FINISH_MS = 150;

/** In so many turns of the event loop, the runtime's server accepts a connection and reads from it. */
const NEW_TURNS = 4;

/** The runtime's server, to which connections are handed over. */
export interface InnerServer {
  /** Its port on the loopback interface. The server listens from when it is first read. Reading throws the errors of listening. */
  readonly port: number;
  readonly peers: HandedOverPeers;
  /** Whether clients use TLS. The inner connections never do. */
  readonly isTls: boolean;
}

/**
 * A client's connection that the runtime's server answers, byte for byte and until it closes. The runtime sees a
 * connection from `INNER_HOST`. It looks up the client by the port of that connection, which no other connection from
 * that address can use while it is open.
 */
export class HandedOver {
  readonly #client: Socket<unknown>;
  readonly #peers: HandedOverPeers;
  readonly #peer: Peer;
  readonly #toServer = new PendingBytes();
  readonly #toClient = new PendingBytes();
  #server: Socket<HandedOver> | undefined;
  #port = 0;
  /** Whether a side has finished sending normally. */
  #isClientDone = false;
  #isServerDone = false;
  /** Until the server is told that the client has finished. */
  #telling: Timer | undefined;
  #isTold = false;
  #isDiscarding = false;
  #isOver = false;
  /** How many turns it is new from when it opens. */
  #newTurns = NEW_TURNS;

  constructor(client: Socket<unknown>, inner: InnerServer) {
    this.#client = client;
    this.#peers = inner.peers;
    this.#peer = { address: client.remoteAddress, isTls: inner.isTls };
    client.pause();
    Promise.try(() =>
      Bun.connect<HandedOver>({
        hostname: INNER_HOST,
        port: inner.port,
        allowHalfOpen: true,
        data: this,
        socket: HANDLERS,
      }),
    ).catch(() => this.end());
  }

  /** Passes bytes of the client on. A client that sends faster than the server reads waits. */
  send(bytes: Uint8Array): void {
    if (this.#isDiscarding) return;
    this.#toServer.add(bytes);
    if (!this.#flushToServer()) this.#client.pause();
  }

  /** The client's socket accepts bytes again. */
  drained(): void {
    if (!this.#toClient.flush(this.#client)) return;
    if (this.#isServerDone) this.#discard();
    else this.#server?.resume();
  }

  /** The client has finished sending. */
  finish(): void {
    if (this.#isDiscarding) return this.end();
    this.#isClientDone = true;
    this.#tellLater();
  }

  #tellLater(): void {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      this.#isTold = true;
      this.#flushToServer();
    }, FINISH_MS).unref();
  }

  /** Whether the runtime's server may not know of it yet. */
  get isNew(): boolean {
    return this.#newTurns > 0 && !this.#isOver;
  }

  /** Whether the client has not got everything yet. */
  get isPassing(): boolean {
    return !this.#isDiscarding && !this.#isOver;
  }

  /** Since when the client has taken nothing of what waits for it, by `performance.now`; 0: nothing waits. */
  get blockedSinceMs(): number {
    return this.#toClient.blockedSinceMs;
  }

  /** Ends both connections at once, the client's in order if its answer is complete: a reset would discard what it has not got. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#telling);
    this.#forget();
    this.#server?.terminate();
    if (this.#isDiscarding) this.#client.end();
    else this.#client.terminate();
  }

  opened(server: Socket<HandedOver>): void {
    this.#server = server;
    if (this.#isOver) {
      server.terminate();
      return;
    }
    this.#port = server.localPort;
    this.#peers.set(this.#port, this.#peer);
    this.flushed();
    setImmediate(this.#age);
  }

  readonly #age = (): void => {
    if (--this.#newTurns > 0) setImmediate(this.#age);
  };

  flushed(): void {
    if (this.#flushToServer()) this.#client.resume();
  }

  received(bytes: Uint8Array): void {
    if (this.#isClientDone && !this.#isTold) this.#tellLater();
    this.#toClient.add(bytes);
    if (!this.#toClient.flush(this.#client)) this.#server?.pause();
  }

  serverEnded(): void {
    this.#isServerDone = true;
    this.drained();
  }

  serverClosed(): void {
    this.#forget();
    if (this.#isServerDone) return;
    // It closes like this after it was told that the client has finished.
    if (this.#isTold) return this.serverEnded();
    // A connection that broke must not look complete to the client, which needs a moment to read the last bytes: a reset
    // may overtake them.
    setTimeout(() => this.end(), RESET_GRACE_MS).unref();
  }

  /** Another connection may have taken the port since this one closed. */
  #forget(): void {
    if (this.#peers.get(this.#port) === this.#peer) this.#peers.delete(this.#port);
  }

  /**
   * The answer is complete. Closing while the client is still sending would reset the connection and lose the answer.
   */
  #discard(): void {
    if (this.#isDiscarding) return;
    this.#isDiscarding = true;
    this.#toServer.clear();
    this.#client.shutdown();
    this.#client.resume();
    if (this.#isClientDone) this.end();
    else setTimeout(() => this.end(), DISCARD_MS).unref();
  }

  #flushToServer(): boolean {
    if (this.#server === undefined || !this.#toServer.flush(this.#server)) return false;
    if (this.#isTold) this.#server.shutdown();
    return true;
  }
}

const HANDLERS: Bun.SocketHandler<HandedOver> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.flushed(),
  end: (socket) => socket.data.serverEnded(),
  close: (socket) => socket.data.serverClosed(),
  error: (socket) => socket.data.serverClosed(),
  connectError: (socket) => socket.data.end(),
};

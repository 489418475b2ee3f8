import type { Socket } from 'bun';
import { type Receiver, type Sender, socketTurn } from '../../lib/socket-turn.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { LastResponseHead, type RecentResponseHead } from '../../http1/last-response-head.ts';
import { isBlank } from '../../http1/response-reader.ts';
import type { Target } from './target.ts';

/** The pool that opened a connection. */
export interface ConnectionOwner {
  readonly recentHead: RecentResponseHead;
  readonly opened: (connection: Connection) => void;
  /** The connection could not be opened. */
  readonly failed: (connection: Connection, error: unknown) => void;
  /** An exchange has ended, and another may begin. */
  readonly rests: (connection: Connection) => void;
  /** Unsolicited bytes arrived; the connection closes. */
  readonly hasSurplus: (connection: Connection) => void;
  readonly closed: (connection: Connection) => void;
}

/** Larger pieces are sent directly, which is cheaper than copying them. */
const SMALL_BYTES = 16 * 1024;

const KEEP_ALIVE_MS = 30_000;

const FORBIDDEN_ADDRESS = Object.assign(new Error('the name resolves to a forbidden address'), {
  code: 'ForbiddenAddress',
});

/** The exchange that receives the connection's bytes. */
interface Taker {
  /** Takes bytes of the reply. It owns them from then on. */
  readonly take: (bytes: Buffer) => void;
  /** The connection has closed, orderly (undefined) or with an error. */
  readonly connectionEnded: (error: Error | undefined) => void;
}

/**
 * A plain or TLS connection to a provider that carries one exchange at a time.
 *
 * It is **opening** until it is writable, which with TLS means after the handshake and the certificate check, then
 * **open**, and finally **closed** by either side.
 */
export class Connection implements Receiver, Sender {
  readonly #target: Target;
  readonly #owner: ConnectionOwner;
  #socket: Socket<Connection> | undefined;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #exchange: Taker | undefined;
  /** Absent while the system takes what is sent. */
  #unsent: Uint8Array[] | undefined;
  /** Whether bytes of the request wait for the end of the turn. */
  #isPosted = false;
  /** Whether bytes of the request were written. */
  #hasBegun = false;
  #isClosing = false;
  /** For the exchanges, which read their heads with it. */
  readonly lastHead: LastResponseHead;
  /** The pool's clock in milliseconds; 0 while the connection is in use. */
  idleSinceMs = 0;
  #startedAtMs = 0;
  #handshakeMs = 0;

  constructor(target: Target, owner: ConnectionOwner) {
    this.#target = target;
    this.#owner = owner;
    this.lastHead = new LastResponseHead(owner.recentHead);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** How long the TCP connect took in milliseconds, name lookup included: at least one round trip. */
  get handshakeMs(): number {
    return this.#handshakeMs;
  }

  connect(): void {
    this.#startedAtMs = systemClock.nowMs();
    const { hostname, port, tls } = this.#target;
    const options = { hostname, port, data: this, socket: HANDLERS };
    const fail = (error: unknown): void => this.#fail(error);
    try {
      Bun.connect<Connection>(tls === undefined ? options : { ...options, tls: tls.options() }).catch(fail);
    } catch (error) {
      // For example a missing certificate file. Report it asynchronously, like every other failure.
      queueMicrotask(() => fail(error));
    }
  }

  /**
   * Sends a request and routes further bytes to its exchange.
   *
   * @param head in two texts of latin1 characters, so that a remembered one need not be joined with the other
   */
  send(exchange: Taker, head: readonly [string, string], body: readonly Uint8Array[]): void {
    if (this.#state === 'closed') return exchange.connectionEnded(undefined);
    this.#exchange = exchange;
    this.#hasBegun = false;
    this.idleSinceMs = 0;
    const [start, end] = head;
    if (start.length + end.length > SMALL_BYTES) this.#write(Buffer.from(start + end, 'latin1'));
    else this.#postHead(start, end);
    for (const piece of body) {
      if (piece.byteLength <= SMALL_BYTES) this.#postPiece(piece);
      else this.#write(piece);
    }
  }

  /** Pauses or resumes reading from the provider. */
  holdUp(isHeldUp: boolean): void {
    if (isHeldUp) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** Ends the exchange. Closes the connection if it must not stay open or if part of the request is still unsent. */
  release({ staysOpen, hasSurplus }: { readonly staysOpen: boolean; readonly hasSurplus: boolean }): void {
    this.#exchange = undefined;
    if (hasSurplus) this.#owner.hasSurplus(this);
    if (this.#state !== 'open') return;
    if (!staysOpen || this.#isPosted || this.#unsent !== undefined) return this.close();
    this.#owner.rests(this);
  }

  close(): void {
    this.#isClosing = true;
    this.#unsent = undefined;
    this.#socket?.terminate();
  }

  opened(socket: Socket<Connection>): void {
    this.#socket = socket;
    this.#handshakeMs = systemClock.nowMs() - this.#startedAtMs;
    // The connection was closed while it was opening.
    if (this.#state === 'closed') return this.close();
    // Check the address that is actually connected, since a second lookup of the name may return another.
    if (this.#target.forbids(socket.remoteAddress)) return this.failed(FORBIDDEN_ADDRESS);
    socket.setNoDelay(true);
    // Answers may be silent for minutes, and middleboxes drop idle connections.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // Connections must not keep an otherwise finished process alive.
    socket.unref();
    if (this.#target.tls === undefined) this.#ready();
  }

  /** @param isDone false if the certificate is not trusted, even if verification is off */
  shookHands(socket: Socket<Connection>, isDone: boolean, error: Error | null): void {
    if (this.#target.tls?.verifies === false || (isDone && socket.authorized)) return this.#ready();
    this.#fail(error ?? Object.assign(new Error('the TLS handshake failed'), { code: 'EPROTO' }));
    this.close();
  }

  received(bytes: Buffer): void {
    if (this.#state === 'closed') return;
    // Nothing that arrived before the request was written is an answer to it.
    if (this.#exchange !== undefined && this.#hasBegun) return this.#exchange.take(bytes);
    // Unsolicited bytes are surplus, except for empty lines.
    if (isBlank(bytes)) return;
    this.#owner.hasSurplus(this);
    this.close();
  }

  drained(): void {
    if (this.#unsent !== undefined) this.#flush(this.#unsent);
  }

  closed(error: Error | undefined): void {
    // Bytes that the other side sent before count. Here it may be in the middle of something else that closes this.
    if (!this.#isClosing) socketTurn.take();
    this.#fail(error ?? Object.assign(new Error('the connection was closed'), { code: 'ConnectionClosed' }));
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#owner.closed(this);
    this.#exchange?.connectionEnded(error);
  }

  /**
   * Exceptions from a handler also end up here. The state of the exchange is unknown then, so the connection closes.
   */
  failed(error: unknown): void {
    this.#fail(error);
    this.close();
  }

  #postHead(start: string, end: string): void {
    const { buffer, filled } = socketTurn;
    let at = filled + buffer.write(start, filled, 'latin1');
    for (let index = 0; index < end.length; index++) buffer[at++] = end.charCodeAt(index);
    this.#post(at);
  }

  #postPiece(piece: Uint8Array): void {
    const { buffer, filled } = socketTurn;
    buffer.set(piece, filled);
    this.#post(filled + piece.byteLength);
  }

  #post(end: number): void {
    this.#isPosted = true;
    socketTurn.post(this, end);
  }

  writePosted(buffer: Buffer, from: number, to: number): void {
    this.#isPosted = false;
    this.#hasBegun = true;
    if (this.#state === 'closed') return;
    const size = to - from;
    const sent = this.#unsent !== undefined ? 0 : Math.max(0, this.#socket?.write(buffer, from, size) ?? 0);
    if (sent < size) (this.#unsent ??= []).push(Buffer.from(buffer.subarray(from + sent, to)));
  }

  /** Sends bytes, and queues what the socket does not accept until it drains. */
  #write(bytes: Uint8Array): void {
    if (this.#isPosted) socketTurn.flush();
    else socketTurn.prepare();
    this.#hasBegun = true;
    if (this.#unsent !== undefined) this.#unsent.push(bytes);
    else this.#flush((this.#unsent = [bytes]));
  }

  #ready(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#owner.opened(this);
  }

  #fail(error: unknown): void {
    if (this.#state !== 'opening') return;
    this.#state = 'closed';
    this.#owner.failed(this, error);
  }

  #flush(unsent: Uint8Array[]): void {
    for (let next = unsent[0]; next !== undefined; next = unsent[0]) {
      const sent = Math.max(0, this.#socket?.write(next) ?? 0);
      if (sent < next.byteLength) {
        unsent[0] = next.subarray(sent);
        return;
      }
      unsent.shift();
    }
    this.#unsent = undefined;
  }
}

/** All connections share one handler object, as the runtime prefers. */
const HANDLERS: Bun.SocketHandler<Connection> = {
  open: (socket) => socket.data.opened(socket),
  handshake: (socket, isDone, error) => socket.data.shookHands(socket, isDone, error),
  data: (socket, bytes) => socketTurn.arrived(socket.data, bytes),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error ?? undefined),
  error: (socket, error) => socket.data.failed(error),
  connectError: (socket, error) => socket.data.failed(error),
};

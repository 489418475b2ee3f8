import type { Socket } from 'bun';
import { systemClock } from '../../lib/system-clock.ts';
import { isBlank } from './http-response.ts';
import type { Target } from './target.ts';

/** What becomes of a connection is told to those who asked for it. */
export interface ConnectionEvents {
  readonly onOpen: () => void;
  /** It did not come about. */
  readonly onFailure: (error: unknown) => void;
  /** An exchange is over, and another may begin. */
  readonly onIdle: () => void;
  /** Bytes came that no request had asked for; the connection ends. */
  readonly onSurplus: () => void;
  readonly onClose: () => void;
}

/** Small pieces are put together here and sent at once, which needs no memory of their own: the system copies them. */
const SCRATCH = Buffer.allocUnsafeSlow(64 * 1024);

/** A larger piece is sent by itself, which costs less than to copy it. */
const SMALL_BYTES = 16 * 1024;

const KEEP_ALIVE_MS = 30_000;

const FORBIDDEN_ADDRESS = Object.assign(new Error('the name resolves to an address that is never called'), {
  code: 'ForbiddenAddress',
});
/** The exchange whose bytes a connection carries. */
interface Receiver {
  /** Takes bytes of the reply, which are the receiver's own from then on. */
  readonly take: (bytes: Buffer) => void;
  /** The connection has ended: in order, or with an error. */
  readonly connectionEnded: (error: Error | undefined) => void;
}

/**
 * A connection to a provider, plain or with TLS, that carries one exchange at a time.
 *
 * It is **opening** until it can be written to, which with TLS is after the handshake and a look at the certificate;
 * then **open**; and **closed** for good by either side.
 */
export class Connection {
  readonly #target: Target;
  readonly #events: ConnectionEvents;
  #socket: Socket<Connection> | undefined;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #exchange: Receiver | undefined;
  #unsent: Uint8Array[] = [];
  /** By the clock of the pool that keeps it; 0 while it is in use. */
  idleSinceMs = 0;
  #startedAtMs = 0;
  #handshakeMs = 0;

  constructor(target: Target, events: ConnectionEvents) {
    this.#target = target;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** How long TCP took to connect, the look-up of the name included: about one round trip, and never less. */
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
      // Such as a certificate's file that is not there; whoever asked hears of it in a moment, as of all else.
      queueMicrotask(() => fail(error));
    }
  }

  /** Sends a request; what comes from now on belongs to its exchange. `head` has only characters of latin1. */
  send(exchange: Receiver, head: string, body: readonly Uint8Array[]): void {
    if (this.#state === 'closed') return exchange.connectionEnded(undefined);
    this.#exchange = exchange;
    this.idleSinceMs = 0;
    let filled = 0;
    if (head.length > SMALL_BYTES) this.#write(Buffer.from(head, 'latin1'));
    else filled = SCRATCH.write(head, 'latin1');
    for (const piece of body) {
      const isSmall = piece.byteLength <= SMALL_BYTES;
      if (filled > 0 && !(isSmall && filled + piece.byteLength <= SCRATCH.byteLength)) {
        this.#writeScratch(filled);
        filled = 0;
      }
      if (isSmall) {
        SCRATCH.set(piece, filled);
        filled += piece.byteLength;
      } else this.#write(piece);
    }
    if (filled > 0) this.#writeScratch(filled);
  }

  /** Takes nothing more from the provider until it is told otherwise. */
  holdUp(isHeldUp: boolean): void {
    if (isHeldUp) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** The exchange is over. A connection whose request has not gone out is as useless as one that must not stay open. */
  release({ staysOpen, hasSurplus }: { readonly staysOpen: boolean; readonly hasSurplus: boolean }): void {
    this.#exchange = undefined;
    if (hasSurplus) this.#events.onSurplus();
    if (this.#state !== 'open') return;
    if (!staysOpen || this.#unsent.length > 0) return this.close();
    this.#events.onIdle();
  }

  close(): void {
    this.#unsent = [];
    this.#socket?.terminate();
  }

  opened(socket: Socket<Connection>): void {
    this.#socket = socket;
    this.#handshakeMs = systemClock.nowMs() - this.#startedAtMs;
    // Given up meanwhile.
    if (this.#state === 'closed') return this.close();
    // The address that counts is the one that is connected: a second look-up of the name may give another.
    if (this.#target.forbids(socket.remoteAddress)) return this.failed(FORBIDDEN_ADDRESS);
    socket.setNoDelay(true);
    // Answers may be silent for minutes, and what stands between must not forget the connection meanwhile.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // A gateway that has nothing else to do may end.
    socket.unref();
    if (this.#target.tls === undefined) this.#ready();
  }

  /** @param isDone false where the certificate is not to be trusted, whether or not that matters */
  shookHands(socket: Socket<Connection>, isDone: boolean, error: Error | null): void {
    if (this.#target.tls?.verifies === false || (isDone && socket.authorized)) return this.#ready();
    this.#fail(error ?? Object.assign(new Error('the handshake failed'), { code: 'EPROTO' }));
    this.close();
  }

  received(bytes: Buffer): void {
    if (this.#exchange !== undefined) return this.#exchange.take(bytes);
    // A provider that speaks without being asked is not understood; an empty line says nothing.
    if (isBlank(bytes)) return;
    this.#events.onSurplus();
    this.close();
  }

  drained(): void {
    if (this.#unsent.length > 0) this.#flush();
  }

  ended(error: Error | undefined): void {
    this.#fail(error ?? Object.assign(new Error('the connection was closed'), { code: 'ConnectionClosed' }));
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#events.onClose();
    this.#exchange?.connectionEnded(error);
  }

  /** What a handler has thrown comes here as well: nobody knows how far it came, so the connection ends. */
  failed(error: unknown): void {
    this.#fail(error);
    this.close();
  }

  #writeScratch(filled: number): void {
    const sent = this.#unsent.length > 0 ? 0 : Math.max(0, this.#socket?.write(SCRATCH, 0, filled) ?? 0);
    if (sent < filled) this.#unsent.push(Buffer.from(SCRATCH.subarray(sent, filled)));
  }

  /** What does not go out now goes when there is room. */
  #write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    if (this.#unsent.length === 1) this.#flush();
  }

  #ready(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#events.onOpen();
  }

  #fail(error: unknown): void {
    if (this.#state !== 'opening') return;
    this.#state = 'closed';
    this.#events.onFailure(error);
  }

  #flush(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const sent = Math.max(0, this.#socket?.write(next) ?? 0);
      if (sent < next.byteLength) {
        this.#unsent[0] = next.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
  }
}

/** The runtime tells all connections to the same functions. */
const HANDLERS: Bun.SocketHandler<Connection> = {
  open: (socket) => socket.data.opened(socket),
  handshake: (socket, isDone, error) => socket.data.shookHands(socket, isDone, error),
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.ended(error ?? undefined),
  error: (socket, error) => socket.data.failed(error),
  connectError: (socket, error) => socket.data.failed(error),
};

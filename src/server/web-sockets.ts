import { responseOf } from './response.ts';
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';
import type { ClientRequest } from '../gateway/ports.ts';
import { CLOSE } from '../gateway/web-socket/close-codes.ts';
import type { SocketGateway } from '../gateway/web-socket/connect.ts';
import type { WebSocketLine } from '../gateway/web-socket/line.ts';
import { expiryOf } from '../gateway/web-socket/still-allowed.ts';
import { MAX_MESSAGE_BYTES } from '../gateway/web-socket/message-limits.ts';

/** The data that the runtime attaches to a client's WebSocket. */
export interface SocketData {
  readonly line: WebSocketLine;
}

/** A client's peer that is gone is found out after this many seconds: the runtime pings it. */
const IDLE_SECONDS = 120;

/** How long clients have for their part of the closing handshake when everything ends. */
const CLOSING_MS = 100;

/** The runtime's settings. It compresses nothing, and takes nothing that is compressed. */
export const SOCKET_HANDLER: WebSocketHandler<SocketData> = {
  maxPayloadLength: MAX_MESSAGE_BYTES,
  // The line bounds what waits; the runtime would drop messages.
  backpressureLimit: 0,
  idleTimeout: IDLE_SECONDS,
  sendPings: true,
  perMessageDeflate: false,
  open(socket) {
    socket.data.line.attach({
      send: (message) => void socket.send(message),
      bufferedBytes: () => socket.getBufferedAmount(),
      close: (code, reason) => socket.close(code, reason),
    });
  },
  message: (socket: ServerWebSocket<SocketData>, message) => socket.data.line.onClientMessage(message),
  drain: (socket) => socket.data.line.onClientDrain(),
  close: (socket, code) => socket.data.line.onClientClose(code),
};

/** Clocks are set, and timers hold no longer times. */
const LONGEST_WAIT_MS = 60_000;

/** The WebSockets of this process. */
export class WebSockets {
  readonly #gateway: SocketGateway;
  readonly #lines = new Set<WebSocketLine>();
  #isLeaving = false;
  /** Stops the timer for the first key that expires. */
  #stopTimer: (() => void) | undefined;

  constructor(gateway: SocketGateway) {
    this.#gateway = gateway;
  }

  /** Connections that have not ended. */
  get count(): number {
    this.#forgetEnded();
    return this.#lines.size;
  }

  /** Answers a handshake. The runtime ignores the response to one that has succeeded. */
  async upgrade(
    asked: ClientRequest,
    { request, server }: { readonly request: Request; readonly server: Server<SocketData> },
  ): Promise<Response> {
    // Few gateways serve WebSockets.
    const { openWebSocket } = await import('../gateway/web-socket/handshake.ts');
    const handshake = await openWebSocket(asked, this.#gateway);
    if (handshake.kind === 'refused') return responseOf(handshake.answer);
    const { line, headers } = handshake;
    this.#forgetEnded();
    this.#lines.add(line);
    if (asked.signal.aborted || !server.upgrade(request, { data: { line }, headers }))
      line.onClientClose(CLOSE.abnormal);
    else if (this.#isLeaving) line.leave();
    else if (expiryOf(line.key, this.#gateway.snapshot()) !== Infinity) this.#awaitExpiry();
    return new Response();
  }

  /** The gateway shuts down: ends the connections that lose nothing by it, and each of the others when that is so. */
  leave(): void {
    this.#isLeaving = true;
    for (const line of this.#lines) line.leave();
  }

  /** Another configuration is in force, or a key has expired. */
  recheck(): void {
    const snapshot = this.#gateway.snapshot();
    for (const line of this.#lines) line.recheck(snapshot);
    this.#awaitExpiry();
  }

  /** Checks again when the first key of a connection expires. */
  #awaitExpiry(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#forgetEnded();
    const snapshot = this.#gateway.snapshot();
    let first = Infinity;
    for (const line of this.#lines) first = Math.min(first, expiryOf(line.key, snapshot));
    if (first === Infinity) return;
    const { clock } = this.#gateway;
    const waitMs = Math.min(Math.max(first - clock.epochMs(), 1), LONGEST_WAIT_MS);
    this.#stopTimer = clock.setTimer(waitMs, () => this.recheck());
  }

  /** Ends what is left, and gives the clients a moment to read why. */
  async end(): Promise<void> {
    this.#stopTimer?.();
    if (this.count === 0) return;
    for (const line of this.#lines) line.end(CLOSE.goingAway, 'The gateway shuts down.');
    await Bun.sleep(CLOSING_MS);
  }

  #forgetEnded(): void {
    for (const line of this.#lines) if (line.isOver) this.#lines.delete(line);
  }
}

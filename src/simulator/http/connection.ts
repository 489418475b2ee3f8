import type { Socket } from 'bun';
import { RequestReader } from './request-reader.ts';

/** The side that ended a connection. */
type Closing = { readonly by: 'peer'; readonly at: number } | { readonly by: 'us' };

/** A pause that may be cut short by the end of the connection or by room to write. */
interface Pause {
  readonly endsOnRoom: boolean;
  readonly end: () => void;
}

/**
 * One TCP connection, from accept to close. One answer at a time is written to it, so at most one pause is pending.
 * After the end of the connection, all methods return at once and do nothing: check `isOpen`.
 */
export class Connection {
  readonly id: number;
  readonly reader = new RequestReader();
  /** Whether an answer is being written. */
  isBusy = false;
  readonly #socket: Socket<Connection>;
  #taker: ((bytes: Buffer) => void) | undefined;
  #closing: Closing | undefined;
  #pause: Pause | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, socket: Socket<Connection>) {
    this.id = id;
    this.#socket = socket;
    // Each piece of an answer must be sent when it is written: tests rely on seeing it separately.
    socket.setNoDelay(true);
  }

  /** From now on, bytes are no longer HTTP and go to `take`. */
  takeOver(take: (bytes: Buffer) => void): void {
    this.#taker = take;
  }

  /** Offers received bytes. Returns whether `take` received them. */
  offer(bytes: Buffer): boolean {
    this.#taker?.(bytes);
    return this.#taker !== undefined;
  }

  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** When the peer closed, in milliseconds since 1970; undefined: it did not, or we closed first. */
  get closedByPeerAt(): number | undefined {
    return this.#closing?.by === 'peer' ? this.#closing.at : undefined;
  }

  /**
   * Writes all bytes. Returns undefined if that is done, otherwise a promise that resolves when the peer has made room
   * or is gone.
   */
  send(bytes: Uint8Array): Promise<void> | undefined {
    if (!this.isOpen) return undefined;
    const written = this.#socket.write(bytes);
    return written >= bytes.length ? undefined : this.#sendRest(bytes.subarray(Math.max(0, written)));
  }

  async #sendRest(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0 && this.isOpen) {
      await this.#wait(true);
      if (this.isOpen) rest = rest.subarray(Math.max(0, this.#socket.write(rest)));
    }
  }

  /** Waits; returns early when the connection ends. */
  async sleep(ms: number): Promise<void> {
    await this.#wait(false, ms);
  }

  /** Waits until the connection ends. */
  async closed(): Promise<void> {
    while (this.isOpen) await this.#wait(false);
  }

  /** Closes with a FIN after the written bytes. */
  close(): void {
    if (this.#end({ by: 'us' })) this.#socket.end();
  }

  /** Closes with a RST. */
  reset(): void {
    if (this.#end({ by: 'us' })) this.#socket.terminate();
  }

  /** Closes with a FIN unless another request comes first. */
  closeWhenIdle(afterMs: number): void {
    this.stayOpen();
    this.#idleTimer = setTimeout(() => {
      if (!this.isBusy) this.close();
    }, afterMs);
  }

  /** A request has arrived, so the idle time is over. */
  stayOpen(): void {
    if (this.#idleTimer !== undefined) clearTimeout(this.#idleTimer);
  }

  /** Call this when the socket has room again. */
  onRoom(): void {
    if (this.#pause?.endsOnRoom === true) this.#pause.end();
  }

  /** Call this when the socket is gone. */
  onGone(): void {
    this.#end({ by: 'peer', at: Date.now() });
  }

  #end(closing: Closing): boolean {
    if (this.#closing !== undefined) return false;
    this.#closing = closing;
    this.stayOpen();
    this.#pause?.end();
    return true;
  }

  #wait(endsOnRoom: boolean, ms?: number): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        if (timer !== undefined) clearTimeout(timer);
        this.#pause = undefined;
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(end, ms);
      this.#pause = { endsOnRoom, end };
    });
  }
}

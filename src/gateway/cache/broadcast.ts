import type { ClientStream } from '../client-answer.ts';
import type { Piece } from './stored-answer.ts';

/** How far the provider may be ahead of the fastest client, once an answer is too large to be kept. */
const MOST_AHEAD_BYTES = 256 * 1024;

/**
 * One stream for several clients, each of which gets it from the beginning at its own speed. The stream is kept while
 * it fits in `mostBytes`. Beyond, only what a client still lacks is kept: the fastest client slows the provider down,
 * and a client that falls too far behind is cut off, so that it harms no other.
 */
export class Broadcast implements ClientStream {
  readonly isShared = true;
  readonly #mostBytes: number;
  readonly #nowMs: () => number;
  readonly #seats = new Set<BroadcastSeat>();
  #beganAtMs: number | undefined;
  #pieces: Piece[] = [];
  /** The number of the first piece that is still kept. */
  #first = 0;
  #keptBytes = 0;
  #totalBytes = 0;
  #end: 'open' | 'closed' | 'reset' = 'open';
  #news = Promise.withResolvers<void>();
  #room: PromiseWithResolvers<void> | undefined;

  constructor(mostBytes: number, nowMs: () => number) {
    this.#mostBytes = mostBytes;
    this.#nowMs = nowMs;
  }

  get end(): 'open' | 'closed' | 'reset' {
    return this.#end;
  }

  /** Whether the answer is too large to be kept, so that no further client can join. */
  get isTooLarge(): boolean {
    return this.#totalBytes > this.#mostBytes;
  }

  get byteLength(): number {
    return this.#totalBytes;
  }

  /** All pieces, unless it is too large. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  readonly write = (bytes: Uint8Array): Promise<unknown> | undefined => {
    // The owner of the bytes may reuse them.
    const nowMs = this.#nowMs();
    this.#beganAtMs ??= nowMs;
    this.#pieces.push({ bytes: Uint8Array.from(bytes), atMs: nowMs - this.#beganAtMs });
    this.#keptBytes += bytes.byteLength;
    this.#totalBytes += bytes.byteLength;
    this.#tell();
    if (!this.isTooLarge) return undefined;
    this.#trim();
    if (this.#hasRoom()) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  };

  readonly close = (): void => this.#finish('closed');

  readonly reset = (): void => this.#finish('reset');

  /** A seat for one client. */
  seat(): BroadcastSeat {
    const seat = new BroadcastSeat(this);
    this.#seats.add(seat);
    return seat;
  }

  /** The piece of that number; undefined: it has not come yet. */
  pieceAt(index: number): Piece | undefined {
    return this.#pieces[index - this.#first];
  }

  /** Resolves when a piece or the end has come. */
  news(): Promise<void> {
    return this.#news.promise;
  }

  /** A seat has sent a piece, or is given up. */
  moved(seat: BroadcastSeat, isGone: boolean): void {
    if (isGone) this.#seats.delete(seat);
    if (this.isTooLarge) this.#trim();
    if (this.#room === undefined || !this.#hasRoom()) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #finish(end: 'closed' | 'reset'): void {
    if (this.#end !== 'open') return;
    this.#end = end;
    this.#tell();
  }

  #tell(): void {
    const told = this.#news;
    this.#news = Promise.withResolvers<void>();
    told.resolve();
  }

  #hasRoom(): boolean {
    let fastest = 0;
    for (const { sentBytes } of this.#seats) fastest = Math.max(fastest, sentBytes);
    return this.#seats.size === 0 || this.#totalBytes - fastest <= MOST_AHEAD_BYTES;
  }

  /** Drops what every client has, and the clients that hold back too much. */
  #trim(): void {
    for (;;) {
      let [slowest, fastest] = [Infinity, 0];
      for (const { index } of this.#seats) {
        slowest = Math.min(slowest, index);
        fastest = Math.max(fastest, index);
      }
      const passed = this.#pieces.splice(0, Math.min(slowest - this.#first, this.#pieces.length));
      this.#first += passed.length;
      for (const { bytes } of passed) this.#keptBytes -= bytes.byteLength;
      if (slowest === fastest || this.#keptBytes <= 2 * this.#mostBytes + MOST_AHEAD_BYTES) return;
      for (const seat of this.#seats) if (seat.index === slowest) this.#seats.delete(seat.cut());
    }
  }
}

/** One client's place in a stream. */
export class BroadcastSeat {
  /** The number of the next piece. */
  index = 0;
  sentBytes = 0;
  readonly #broadcast: Broadcast;
  #isLeft = false;
  #isCut = false;

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
  }

  /** Sends the whole stream. Never rejects. */
  async send(client: ClientStream): Promise<'closed' | 'reset' | 'left'> {
    try {
      return await this.#send(client);
    } catch {
      // The connection to the client has failed.
      return 'left';
    } finally {
      this.#broadcast.moved(this, true);
    }
  }

  /** The client has left. */
  leave(): void {
    this.#isLeft = true;
    this.#broadcast.moved(this, true);
  }

  /** Gives up a client that is too slow. */
  cut(): this {
    this.#isCut = true;
    return this;
  }

  async #send(client: ClientStream): Promise<'closed' | 'reset' | 'left'> {
    const broadcast = this.#broadcast;
    for (;;) {
      if (this.#isLeft) return 'left';
      const piece = this.#isCut ? undefined : broadcast.pieceAt(this.index);
      if (piece !== undefined) {
        this.index += 1;
        const accepted = client.write(piece.bytes);
        if (accepted !== undefined) await accepted;
        this.sentBytes += piece.bytes.byteLength;
        broadcast.moved(this, false);
      } else if (this.#isCut || broadcast.end === 'reset') {
        client.reset();
        return 'reset';
      } else if (broadcast.end === 'closed') {
        client.close();
        return 'closed';
      } else await broadcast.news();
    }
  }
}

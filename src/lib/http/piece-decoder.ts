import type { Duplex } from 'node:stream';
import { codingOf, openDecoder } from './content-coding.ts';

/** Decodes a body with a `Content-Encoding` piece by piece, off the event loop. */
export interface PieceDecoder {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Stops. `take` and `end` are not called again. */
  readonly stop: () => void;
}

export interface PieceTaker {
  readonly take: (piece: Uint8Array) => void;
  /** Called once after the last piece; not called for damaged data or an unknown coding. */
  readonly end: () => void;
}

/** Without a coding, pieces are passed on at once. */
export function createPieceDecoder(contentEncoding: string | null, taker: PieceTaker): PieceDecoder {
  const coding = codingOf(contentEncoding);
  if (coding === undefined) return { push: taker.take, end: taker.end, stop: () => undefined };
  return new CodedPieces(coding, taker);
}

/** The decoder is chosen by the coding and the first bytes. */
const FIRST_BYTES = 2;

class CodedPieces implements PieceDecoder {
  readonly #coding: string;
  readonly #taker: PieceTaker;
  #first: Buffer = Buffer.alloc(0);
  #decoder: Duplex | undefined;
  #isStopped = false;

  constructor(coding: string, taker: PieceTaker) {
    this.#coding = coding;
    this.#taker = taker;
  }

  push(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    // The decoder keeps the piece until another thread has read it.
    if (this.#decoder !== undefined) return void this.#decoder.write(Uint8Array.from(bytes));
    this.#first = Buffer.concat([this.#first, bytes]);
    if (this.#first.byteLength < FIRST_BYTES) return;
    const decoder = openDecoder(this.#first, this.#coding);
    if (typeof decoder !== 'object') return this.stop();
    this.#decoder = decoder
      .on('data', this.#taker.take)
      .on('end', this.#taker.end)
      .on('error', () => this.stop());
    decoder.write(this.#first);
  }

  end(): void {
    if (!this.#isStopped) this.#decoder?.end();
  }

  stop(): void {
    this.#isStopped = true;
    this.#decoder?.removeAllListeners('data').removeAllListeners('end').destroy();
  }
}

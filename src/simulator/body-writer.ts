import type { Answer } from './answer.ts';
import { type Encoder, openEncoder } from './encoder.ts';
import type { Connection } from './http/connection.ts';

/** Bytes are batched up to this size, so that a stream without a pace costs few system calls. */
const GATHERED_BYTES = 16 * 1024;
const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Writes one response: compresses it, splits it, frames it, and batches what may be sent together. */
export class BodyWriter {
  readonly #connection: Connection;
  readonly #encoder: Encoder | undefined;
  readonly #pieces: Answer['pieces'];
  readonly #isChunked: boolean;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #hasWritten = false;

  constructor(answer: Answer, connection: Connection, isChunkedAllowed: boolean) {
    this.#connection = connection;
    this.#encoder = answer.encoding === undefined ? undefined : openEncoder(answer.encoding);
    this.#pieces = answer.pieces;
    this.#isChunked = (answer.length === undefined || this.#encoder !== undefined) && isChunkedAllowed;
  }

  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Writes raw bytes to the socket, together with what follows. */
  wire(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
  }

  /**
   * Writes a part of the body. Returns undefined if it was accepted, otherwise a promise that resolves when there is
   * room.
   */
  body(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#encoder === undefined) return this.#framed(bytes);
    return this.#encoder.encode(bytes).then((encoded) => this.#framed(encoded));
  }

  /** Sends the batched bytes. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const [only] = this.#gathered;
    const bytes = this.#gathered.length === 1 && only !== undefined ? only : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#hasWritten = true;
    await this.#connection.send(bytes);
    // Without a turn of the event loop, an endless stream would never notice that its peer has left.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the body as its framing requires. */
  async end(): Promise<void> {
    if (!this.#connection.isOpen) return;
    if (this.#encoder !== undefined) await this.#framed(await this.#encoder.finish());
    if (this.#isChunked) this.wire(LAST_CHUNK);
    await this.flush();
  }

  #framed(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#pieces !== undefined) return this.#inPieces(bytes, this.#pieces);
    this.#frame(bytes);
    return this.#gatheredBytes >= GATHERED_BYTES ? this.flush() : undefined;
  }

  async #inPieces(body: Uint8Array, { bytes, everyMs }: { bytes: number; everyMs: number }): Promise<void> {
    for (let at = 0; at < body.length && this.#connection.isOpen; at += bytes) {
      this.#frame(body.subarray(at, at + bytes));
      await this.flush();
      if (everyMs > 0) await this.#connection.sleep(everyMs);
    }
  }

  #frame(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!this.#isChunked) return this.wire(bytes);
    this.wire(Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'));
    this.wire(bytes);
    this.wire(CRLF);
  }
}

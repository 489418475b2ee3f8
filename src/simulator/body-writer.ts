import type { Answer } from './answer.ts';
import { type Encoder, openEncoder } from './encoder.ts';
import type { Connection } from './http/connection.ts';

/** So many bytes are gathered before they are sent: a stream without pace then costs few system calls. */
const GATHERED_BYTES = 16 * 1024;
const CRLF = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Writes one response: compresses, cuts into pieces, frames, and gathers what may leave together. */
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

  /** Bytes for the socket as they are; sent with what follows. */
  wire(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
  }

  /** A part of the body. Undefined: taken; else when there is room for more. */
  body(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#encoder === undefined) return this.#framed(bytes);
    return this.#encoder.encode(bytes).then((encoded) => this.#framed(encoded));
  }

  /** Sends what was gathered. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const [only] = this.#gathered;
    const bytes = this.#gathered.length === 1 && only !== undefined ? only : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#hasWritten = true;
    await this.#connection.send(bytes);
    // Without a turn of the event loop an endless stream would never see that its peer has left.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the body as its framing demands. */
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

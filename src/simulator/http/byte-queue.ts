/**
 * Bytes in order of arrival, taken from the front. Only lines across chunks are copied, so a body of 100 MB in small
 * pieces takes linear time.
 */
export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  #first = 0;

  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** The bytes up to the delimiter, which is dropped; undefined until it arrives within `maxBytes`. */
  takeThrough(delimiter: string, maxBytes: number): Buffer | undefined {
    for (;;) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) return undefined;
      const at = chunk.indexOf(delimiter, 0, 'latin1');
      if (at >= 0 && at <= maxBytes) {
        this.#drop(at + delimiter.length);
        return chunk.subarray(0, at);
      }
      const next = this.#chunks[this.#first + 1];
      if (at >= 0 || next === undefined || chunk.length > maxBytes) return undefined;
      this.#chunks[this.#first + 1] = Buffer.concat([chunk, next]);
      this.#first++;
    }
  }

  /** At most `maxBytes` of the queue; undefined if it is empty. */
  take(maxBytes: number): Buffer | undefined {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return undefined;
    const taken = chunk.subarray(0, maxBytes);
    this.#drop(taken.length);
    return taken;
  }

  /** Whether at least this many bytes precede the next delimiter. */
  holds(bytes: number): boolean {
    let total = 0;
    for (let index = this.#first; index < this.#chunks.length && total < bytes; index++) {
      total += this.#chunks[index]?.length ?? 0;
    }
    return total >= bytes;
  }

  #drop(bytes: number): void {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return;
    if (bytes < chunk.length) {
      this.#chunks[this.#first] = chunk.subarray(bytes);
      return;
    }
    this.#first++;
    if (this.#first === this.#chunks.length) this.#clear();
  }

  #clear(): void {
    this.#chunks.length = 0;
    this.#first = 0;
  }
}

import type { Socket } from 'bun';

/** Bytes that a socket has not accepted yet. */
export class PendingBytes {
  #pieces: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** The bytes must not change any more. */
  add(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) this.#pieces.push(bytes);
  }

  clear(): void {
    this.#pieces = [];
  }

  /** Writes as much as the socket accepts; returns whether that is everything. */
  flush(socket: Pick<Socket<unknown>, 'write'>): boolean {
    for (let next = this.#pieces[0]; next !== undefined; next = this.#pieces[0]) {
      // A closed socket returns -1.
      const sent = Math.max(0, socket.write(next));
      if (sent < next.byteLength) {
        this.#pieces[0] = next.subarray(sent);
        return false;
      }
      this.#pieces.shift();
    }
    return true;
  }
}

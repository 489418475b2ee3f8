import type { Socket } from 'bun';

/** Bytes that a socket has not accepted yet. */
export class PendingBytes {
  /** Absent on most connections, since the system accepts what they write. */
  #pieces: Uint8Array[] | undefined;

  get isEmpty(): boolean {
    return this.#pieces === undefined;
  }

  /** The bytes must not change any more. */
  add(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) (this.#pieces ??= []).push(bytes);
  }

  clear(): void {
    this.#pieces = undefined;
  }

  /** Writes as much as the socket accepts; returns whether that is everything. */
  flush(socket: Pick<Socket<unknown>, 'write'>): boolean {
    const pieces = this.#pieces ?? [];
    for (let next = pieces[0]; next !== undefined; next = pieces[0]) {
      // A closed socket returns -1.
      const sent = Math.max(0, socket.write(next));
      if (sent < next.byteLength) {
        pieces[0] = next.subarray(sent);
        return false;
      }
      pieces.shift();
    }
    this.#pieces = undefined;
    return true;
  }
}

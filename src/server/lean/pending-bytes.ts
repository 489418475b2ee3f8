import type { Socket } from 'bun';

/** Bytes that a socket has not accepted yet. */
export class PendingBytes {
  /** Absent on most connections, since the system accepts what they write. */
  #pieces: Uint8Array[] | undefined;
  #blockedSinceMs = 0;

  get isEmpty(): boolean {
    return this.#pieces === undefined;
  }

  /** When the socket last took some of the bytes that wait, by `performance.now`; 0: none wait. */
  get blockedSinceMs(): number {
    return this.#blockedSinceMs;
  }

  /** The bytes must not change any more. */
  add(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    if (this.#pieces === undefined) this.#blockedSinceMs = performance.now();
    (this.#pieces ??= []).push(bytes);
  }

  clear(): void {
    this.#pieces = undefined;
    this.#blockedSinceMs = 0;
  }

  /** Writes as much as the socket accepts; returns whether that is everything. */
  flush(socket: Pick<Socket<unknown>, 'write'>): boolean {
    const pieces = this.#pieces ?? [];
    let hasTaken = false;
    for (let next = pieces[0]; next !== undefined; next = pieces[0]) {
      // A closed socket returns -1.
      const sent = Math.max(0, socket.write(next));
      hasTaken ||= sent > 0;
      if (sent < next.byteLength) {
        pieces[0] = next.subarray(sent);
        if (hasTaken) this.#blockedSinceMs = performance.now();
        return false;
      }
      pieces.shift();
    }
    this.clear();
    return true;
  }
}

/** Bytes at the start of the shared memory that the secret takes: one cache line. */
export const SECRET_BYTES = 64;

const EMPTY = 0;
const BEING_WRITTEN = 1;
const WRITTEN = 2;

/** The offset of the secret, after the word that holds its state. */
const AT = Int32Array.BYTES_PER_ELEMENT;
const LENGTH = 32;

/**
 * The secret that keys the hashes of the shared tables: 32 random bytes. The first process that asks generates it,
 * which is the supervisor. A restart generates another.
 */
export function hashSecret(memory: ArrayBuffer): Uint8Array {
  const state = new Int32Array(memory, 0, 1);
  const secret = new Uint8Array(memory, AT, LENGTH);
  if (Atomics.compareExchange(state, 0, EMPTY, BEING_WRITTEN) === EMPTY) {
    crypto.getRandomValues(secret);
    Atomics.store(state, 0, WRITTEN);
  }
  while (Atomics.load(state, 0) !== WRITTEN) Bun.sleepSync(1);
  return secret.slice();
}

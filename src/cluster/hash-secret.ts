/** The bytes at the beginning of the shared memory that the secret takes: a line of the processor's cache. */
export const SECRET_BYTES = 64;

const EMPTY = 0;
const BEING_WRITTEN = 1;
const WRITTEN = 2;

/** Where the secret stands, behind the word that says how far it is. */
const AT = Int32Array.BYTES_PER_ELEMENT;
const LENGTH = 32;

/**
 * The secret of the shared tables' hashes: 32 random bytes. The first process that asks for it draws it, which is the
 * supervisor; a restart draws another.
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

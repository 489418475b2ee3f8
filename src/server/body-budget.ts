import { availableParallelism, totalmem } from 'node:os';
import type { Snapshot } from '../config/snapshot.ts';

/** Smaller bodies are not counted: it would take a great many of them. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * The memory for incomplete request bodies. A key may hold at most as much as is left free: half of it if it is the
 * only one, a third beside one other. So there is always room for a key that holds nothing yet, whatever the others do.
 */
export class BodyBudget {
  readonly #limitBytes: () => number;
  readonly #byKey = new Map<string, number>();
  #heldBytes = 0;

  /** `limitBytes` is read whenever a large body arrives, since it may change. */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes;
  }

  /** Takes bytes for a key; returns false and takes nothing if the key has too many already. */
  take(key: string, bytes: number): boolean {
    const own = (this.#byKey.get(key) ?? 0) + bytes;
    const held = this.#heldBytes + bytes;
    if (own > this.#limitBytes() - held) return false;
    this.#byKey.set(key, own);
    this.#heldBytes = held;
    return true;
  }

  giveBack(key: string, bytes: number): void {
    const own = (this.#byKey.get(key) ?? 0) - bytes;
    if (own > 0) this.#byKey.set(key, own);
    else this.#byKey.delete(key);
    this.#heldBytes -= bytes;
  }

  /** The size of all counted bodies. */
  get heldBytes(): number {
    return this.#heldBytes;
  }
}

/** The bytes for incomplete bodies in this process; always enough for several of the largest bodies. */
export function bodyMemory({ server, workers }: Snapshot, isShared: boolean): number {
  const { maxBodyBytes, bodyMemoryBytes } = server;
  // One key may hold half of it, and a single body must be possible.
  if (bodyMemoryBytes !== undefined) return Math.max(bodyMemoryBytes, 2 * maxBodyBytes);
  const processes = isShared ? (workers === 'auto' ? availableParallelism() : workers) : 1;
  return Math.max(memoryBytes() / 4 / processes, 4 * maxBodyBytes);
}

let knownBytes: number | undefined;

/** The memory of the machine, or of the container if it has a limit. */
function memoryBytes(): number {
  return (knownBytes ??= Math.min(process.constrainedMemory() || Infinity, totalmem()));
}

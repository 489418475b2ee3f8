import { availableParallelism, totalmem } from 'node:os';
import type { Snapshot } from '../config/snapshot.ts';

/** Bodies up to this size are not counted: it would take a great many of them. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * The memory for request bodies that are not complete. A key may hold as much as is left free: alone half of all, beside one other
 * a third. So there is always something left for a key that holds nothing yet, whatever the others do.
 */
export class BodyBudget {
  readonly #limitBytes: () => number;
  readonly #byKey = new Map<string, number>();
  #heldBytes = 0;

  /** `limitBytes` is asked whenever a large body comes: it may change. */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes;
  }

  /** Takes bytes for a key; false: it has too many already, and nothing is taken. */
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

  /** Bytes of all bodies that are counted just now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }
}

/** The bytes for unfinished bodies in this process; enough for several of the largest, whatever was configured. */
export function bodyMemory({ server, workers }: Snapshot, isShared: boolean): number {
  const { maxBodyBytes, bodyMemoryBytes } = server;
  // One key may hold half of it, and one body must be possible.
  if (bodyMemoryBytes !== undefined) return Math.max(bodyMemoryBytes, 2 * maxBodyBytes);
  const processes = isShared ? (workers === 'auto' ? availableParallelism() : workers) : 1;
  return Math.max(MEMORY / 4 / processes, 4 * maxBodyBytes);
}

/** Of the machine, or of the container where that has a limit. */
const MEMORY = Math.min(process.constrainedMemory() || Infinity, totalmem());

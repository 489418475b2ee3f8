import type { Clock } from '../../gateway/ports.ts';
import { giveBack } from '../../lib/byte-buffer.ts';
import type { BodyBudget } from '../body-budget.ts';
import { type BodyLimits, brokenOff, Hold, tooSlow } from '../read-body.ts';

/** The context for reading a large body. */
export interface BodyRoom {
  readonly budget: BodyBudget;
  readonly limits: BodyLimits;
  readonly clock: Clock;
}

interface Reading {
  readonly bytes: Buffer;
  readonly hold: Hold;
  readonly stopTimer: () => void;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** A body of known size that has not arrived with its head. Nothing is allocated before the gateway wants to read it. */
export class LargeBody {
  readonly #size: number;
  readonly #room: BodyRoom;
  #reading: Reading | undefined;
  #filled = 0;

  constructor(size: number, room: BodyRoom) {
    this.#size = size;
    this.#room = room;
  }

  get isComplete(): boolean {
    return this.#filled === this.#size;
  }

  /** Whether the gateway reads the body. Until then, and after a failure, its bytes are not wanted. */
  get isWanted(): boolean {
    return this.#reading !== undefined;
  }

  /** Rejects with a `Refusal` as `readBody` does. */
  read(key: string | undefined): Promise<Uint8Array> {
    const { budget, limits, clock } = this.#room;
    const hold = new Hold({ budget, key });
    if (!hold.take(this.#size)) return Promise.reject(hold.refusal());
    return new Promise((resolve, reject) => {
      const { bodyTimeoutMs } = limits;
      const stopTimer = Number.isFinite(bodyTimeoutMs)
        ? clock.setTimer(bodyTimeoutMs, () => this.#fail(tooSlow(limits)))
        : () => undefined;
      this.#reading = { bytes: Buffer.allocUnsafe(this.#size), hold, stopTimer, resolve, reject };
    });
  }

  /** Takes bytes of the body; returns those after its end. */
  add(bytes: Buffer): Buffer {
    const reading = this.#reading;
    if (reading === undefined) return bytes;
    const count = bytes.copy(reading.bytes, this.#filled);
    this.#filled += count;
    if (this.isComplete) {
      this.#end(reading);
      reading.resolve(reading.bytes);
    }
    return bytes.subarray(count);
  }

  /** The client has gone. */
  leave(): void {
    this.#fail(brokenOff());
  }

  #fail(error: unknown): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    this.#end(reading);
    // The budget counts these bytes as free from now on.
    giveBack(reading.bytes);
    reading.reject(error);
  }

  #end({ hold, stopTimer }: Reading): void {
    this.#reading = undefined;
    stopTimer();
    hold.end();
  }
}

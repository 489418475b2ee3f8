import type { KnownOwner, ObjectOwner, ObjectOwners } from './object-owners.ts';
import type { Clock } from '../ports.ts';

/** An owner as it is kept: with the object's id, and when it was made, in milliseconds since 1970. */
export interface OwnerRecord extends ObjectOwner {
  readonly id: string;
  readonly madeAtMs: number;
}

/** Keeps owners for longer than a process lives, and for all replicas. Both reject where it can't be asked. */
export interface OwnerStore {
  /** What is there already stays as it is. */
  readonly insert: (records: readonly OwnerRecord[]) => Promise<void>;
  readonly find: (id: string) => Promise<ObjectOwner | undefined>;
}

/** Owners are written together when so much time has passed. */
const WRITE_MS = 100;

/** When the store did not take them. */
const AGAIN_MS = 2_000;

/** So many wait at most while the store does not take them; further ones are remembered by this process alone. */
const MOST_WAITING = 10_000;

/** No request waits longer for an answer of the store, and no more than so many at a time. */
const LONGEST_LOOK_MS = 1_000;
const MOST_LOOKS = 64;

/** The owners of objects in memory, and behind it in a store, which is asked for what the memory does not have. */
export class StoredObjectOwners implements ObjectOwners {
  readonly #memory: ObjectOwners;
  readonly #store: OwnerStore;
  readonly #clock: Clock;
  #waiting: OwnerRecord[] = [];
  #isWriting = false;
  #looks = 0;

  constructor(memory: ObjectOwners, store: OwnerStore, clock: Clock) {
    this.#memory = memory;
    this.#store = store;
    this.#clock = clock;
  }

  note(id: string, owner: ObjectOwner): void {
    const isKnown = this.#memory.find(id) !== undefined;
    this.#memory.note(id, owner);
    if (isKnown || this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push({ id, ...owner, madeAtMs: this.#clock.epochMs() });
    if (!this.#isWriting) this.#writeSoon();
  }

  find(id: string): KnownOwner | undefined | Promise<KnownOwner | undefined> {
    return this.#memory.find(id) ?? this.#look(id);
  }

  async #look(id: string): Promise<KnownOwner | undefined> {
    if (this.#looks >= MOST_LOOKS) return undefined;
    this.#looks++;
    try {
      const owner = await this.#inTime(this.#store.find(id));
      if (owner !== undefined) this.#memory.note(id, owner);
      return owner && this.#memory.find(id);
    } catch {
      // Where the store can't be asked, nobody is known to have made it.
      return undefined;
    } finally {
      this.#looks--;
    }
  }

  #inTime<T>(asked: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const stop = this.#clock.setTimer(LONGEST_LOOK_MS, () => resolve(undefined));
      asked
        .then(resolve, reject)
        .finally(stop)
        .catch(() => undefined);
    });
  }

  /** Writes what waits, once. Never rejects. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0) await this.#write();
  }

  #writeSoon(afterMs = WRITE_MS): void {
    this.#isWriting = true;
    this.#clock.setTimer(afterMs, () => void this.#write());
  }

  async #write(): Promise<void> {
    const records = this.#waiting.splice(0, MOST_AT_ONCE);
    let isRefused = false;
    try {
      if (records.length > 0) await this.#store.insert(records);
    } catch {
      // It is tried again with the next ones, as far as there is room.
      isRefused = true;
      this.#waiting = [...records, ...this.#waiting].slice(0, MOST_WAITING);
    }
    if (this.#waiting.length > 0) this.#writeSoon(isRefused ? AGAIN_MS : WRITE_MS);
    else this.#isWriting = false;
  }
}

/** Rows of one statement: PostgreSQL takes 65,535 values in one. */
const MOST_AT_ONCE = 1_000;

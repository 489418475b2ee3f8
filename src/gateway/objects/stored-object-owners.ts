import type { KnownOwner, ObjectOwner, ObjectOwners } from './object-owners.ts';
import type { Clock } from '../ports.ts';

/** An owner as stored: with the object's id, and the time of creation in milliseconds since 1970. */
export interface OwnerRecord extends ObjectOwner {
  readonly id: string;
  readonly madeAtMs: number;
}

/** Persists owners across restarts and replicas. Both methods reject if the store is unavailable. */
export interface OwnerStore {
  /** Inserts records. Existing ones remain unchanged. */
  readonly insert: (records: readonly OwnerRecord[]) => Promise<void>;
  readonly find: (id: string) => Promise<ObjectOwner | undefined>;
}

/** Owners are written in batches at this interval. */
const WRITE_MS = 100;

/** Retry interval after a failed write. */
const AGAIN_MS = 2_000;

/** Maximum number of unwritten owners while the store fails. Further ones are kept in this process only. */
const MOST_WAITING = 10_000;

/** Limits on a request's wait for the store, and on concurrent lookups. */
const LONGEST_LOOK_MS = 1_000;
const MOST_LOOKS = 64;

/** Keeps owners in memory, backed by a store that is asked for unknown objects. */
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
      // If the store is unavailable, the owner counts as unknown.
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

  /** Writes the queued owners, once. Never rejects. */
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
      // Keep the records for the next write, as far as there is room.
      isRefused = true;
      this.#waiting = [...records, ...this.#waiting].slice(0, MOST_WAITING);
    }
    if (this.#waiting.length > 0) this.#writeSoon(isRefused ? AGAIN_MS : WRITE_MS);
    else this.#isWriting = false;
  }
}

/** Rows per statement. PostgreSQL accepts 65,535 parameters per statement. */
const MOST_AT_ONCE = 1_000;

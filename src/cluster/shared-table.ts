import { type Change, isZero, type NumberRecord, type NumberTable } from '../lib/number-table.ts';
import { canRun } from './process-state.ts';

/** The place of a table in memory that several processes have mapped. */
export interface SharedTableOptions<Field extends string> {
  readonly memory: ArrayBuffer;
  /** Byte offset into the memory, a multiple of 64. */
  readonly offset: number;
  readonly fields: readonly Field[];
  /** The maximum number of records: a power of two, at least 64. */
  readonly capacity: number;
  /** Identifies this process among those that share the table; not 0. */
  readonly owner: number;
  /**
   * A secret of all processes that share the table. Clients choose names that become keys: with a predictable hash, a
   * client could make up a name that collides with the record of another.
   */
  readonly secret: Uint8Array;
}

/**
 * A hash table in memory that several processes share.
 *
 * It consists of shards. Each shard uses linear probing and has a spinlock of its own: a word that holds 0 or the
 * owner's number. A record is identified by 64 bits of a keyed SHA-256 of its key; the key itself is not stored. In a
 * full shard, a new record replaces another one.
 *
 * If a worker dies holding a lock, the supervisor calls `release` with its number, which clears that shard, since it
 * may be half written. Until then, and while the owner of a lock is stopped, nobody waits for it: the shard counts as
 * empty, and writes to it are lost. Only the kernel's report on the owner decides this, never elapsed time: an owner
 * that merely waits for a processor is waited for, so a busy machine does not admit more requests than allowed.
 */
export class SharedTable<Field extends string> implements NumberTable<Field> {
  readonly #owner: number;
  readonly #secret: Uint8Array;
  readonly #slots: number;
  readonly #fields: readonly Field[];
  readonly #width: number;
  /** Each lock has a cache line to itself; the shard's number of records follows it. */
  readonly #locks: Int32Array;
  /** Two words of hash per slot; both 0: the slot is free. */
  readonly #hashes: Int32Array;
  readonly #values: Float64Array;
  readonly #cursor: Cursor<Field>;
  readonly #known = new Map<string, Hash>();
  #knownChars = 0;
  /** Until this time, the kernel is asked about a lock's owner without waiting first. */
  #suspectUntilMs = 0;

  constructor({ memory, offset, fields, capacity, owner, secret }: SharedTableOptions<Field>) {
    const place = placesOf(fields.length, capacity);
    this.#owner = owner;
    this.#secret = secret;
    this.#slots = capacity / SHARDS;
    this.#fields = fields;
    this.#width = fields.length;
    this.#locks = new Int32Array(memory, offset, SHARDS * LOCK_WORDS);
    this.#hashes = new Int32Array(memory, offset + place.hashes, capacity * 2);
    this.#values = new Float64Array(memory, offset + place.values, capacity * fields.length);
    this.#cursor = cursorOver(fields, this.#values);
    this.#locks[pidOf(owner)] = process.pid;
  }

  /** The size of a table in bytes, a multiple of 64. */
  static size(fields: number, capacity: number): number {
    return placesOf(fields, capacity).end;
  }

  read<T>(key: string, look: (record: Readonly<NumberRecord<Field>>) => T): T | undefined {
    const hash = this.#hashOf(key);
    const shard = hash.high & (SHARDS - 1);
    if (!this.#lock(shard)) return undefined;
    try {
      const slot = this.#find(shard, hash);
      return this.#isFree(slot) || !this.#holds(slot, hash) ? undefined : look(this.#at(slot));
    } finally {
      this.#unlock(shard);
    }
  }

  update<T, Given>(key: string, change: Change<Field, Given | undefined, T>, given?: Given): T {
    const hash = this.#hashOf(key);
    const shard = hash.high & (SHARDS - 1);
    if (!this.#lock(shard)) return change(emptyRecord(this.#fields), given);
    try {
      const slot = this.#find(shard, hash);
      if (!this.#holds(slot, hash)) this.#claim(shard, slot, hash);
      const record = this.#at(slot);
      const result = change(record, given);
      if (isZero(record, this.#fields)) this.#remove(shard, slot);
      return result;
    } finally {
      this.#unlock(shard);
    }
  }

  sweep(isOver: (record: NumberRecord<Field>) => boolean): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      if (!this.#lock(shard)) continue;
      try {
        this.#sweepShard(shard, isOver);
      } finally {
        this.#unlock(shard);
      }
    }
  }

  isEmpty(): boolean {
    for (let shard = 0; shard < SHARDS; shard++) if (this.#locks[countOf(shard)] !== 0) return false;
    return true;
  }

  /** Releases the locks that a dead process held and clears their shards. */
  release(owner: number): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      if (Atomics.load(this.#locks, shard * LOCK_WORDS) !== owner) continue;
      this.#hashes.fill(0, shard * this.#slots * 2, (shard + 1) * this.#slots * 2);
      this.#locks[countOf(shard)] = 0;
      Atomics.store(this.#locks, shard * LOCK_WORDS, 0);
    }
  }

  #sweepShard(shard: number, isOver: (record: NumberRecord<Field>) => boolean): void {
    for (let slot = shard * this.#slots; slot < (shard + 1) * this.#slots; slot++) {
      // The record that moves into the freed slot must be visited as well.
      while (!this.#isFree(slot) && isOver(this.#at(slot))) this.#remove(shard, slot);
    }
  }

  /** Takes the lock of a shard, usually held for 50 ns. Returns false if its owner is stopped or dead. */
  #lock(shard: number): boolean {
    const word = shard * LOCK_WORDS;
    if (Atomics.compareExchange(this.#locks, word, 0, this.#owner) === 0) return true;
    return this.#waitForLock(shard);
  }

  #waitForLock(shard: number): boolean {
    const word = shard * LOCK_WORDS;
    const startedAtMs = performance.now();
    let askAtMs = startedAtMs < this.#suspectUntilMs ? startedAtMs : startedAtMs + PATIENCE_MS;
    for (let spins = 1; ; spins++) {
      const owner = Atomics.compareExchange(this.#locks, word, 0, this.#owner);
      if (owner === 0) return true;
      if (spins % SPINS !== 0) continue;
      const nowMs = performance.now();
      if (nowMs >= askAtMs) {
        if (!canRun(this.#locks[pidOf(owner)] ?? 0) && Atomics.load(this.#locks, word) === owner) {
          this.#suspectUntilMs = nowMs + SUSPECT_MS;
          return false;
        }
        askAtMs = nowMs + PATIENCE_MS;
      }
      // The owner may be waiting for a processor: let it have this one.
      Bun.sleepSync(1);
    }
  }

  #unlock(shard: number): void {
    Atomics.store(this.#locks, shard * LOCK_WORDS, 0);
  }

  /** The slot that holds the hash; if there is none, a free slot for it; in a full shard, the first slot probed. */
  #find(shard: number, hash: Hash): number {
    const first = this.#home(shard, hash.low);
    let slot = first;
    do {
      if (this.#isFree(slot) || this.#holds(slot, hash)) return slot;
      slot = this.#next(shard, slot);
    } while (slot !== first);
    return first;
  }

  #home(shard: number, low: number): number {
    return shard * this.#slots + (low & (this.#slots - 1));
  }

  #next(shard: number, slot: number): number {
    return shard * this.#slots + ((slot + 1) & (this.#slots - 1));
  }

  #isFree(slot: number): boolean {
    return this.#hashes[slot * 2] === 0 && this.#hashes[slot * 2 + 1] === 0;
  }

  #holds(slot: number, { low, high }: Hash): boolean {
    return this.#hashes[slot * 2] === low && this.#hashes[slot * 2 + 1] === high;
  }

  #claim(shard: number, slot: number, { low, high }: Hash): void {
    if (this.#isFree(slot)) this.#count(shard, 1);
    this.#values.fill(0, slot * this.#width, (slot + 1) * this.#width);
    this.#hashes[slot * 2] = low;
    this.#hashes[slot * 2 + 1] = high;
  }

  /** Frees a slot and closes the gap, because a search stops at the first free slot. */
  #remove(shard: number, removed: number): void {
    this.#count(shard, -1);
    let gap = removed;
    for (
      let slot = this.#next(shard, gap);
      slot !== removed && !this.#isFree(slot);
      slot = this.#next(shard, slot)
    ) {
      const home = this.#home(shard, this.#hashes[slot * 2] ?? 0);
      if (this.#distance(home, slot) < this.#distance(gap, slot)) continue;
      this.#hashes.copyWithin(gap * 2, slot * 2, slot * 2 + 2);
      this.#values.copyWithin(gap * this.#width, slot * this.#width, (slot + 1) * this.#width);
      gap = slot;
    }
    this.#hashes.fill(0, gap * 2, gap * 2 + 2);
  }

  #count(shard: number, change: number): void {
    const place = countOf(shard);
    this.#locks[place] = (this.#locks[place] ?? 0) + change;
  }

  /** The number of steps from one slot to another of the same shard, wrapping at its end. */
  #distance(from: number, to: number): number {
    return (to - from) & (this.#slots - 1);
  }

  #at(slot: number): NumberRecord<Field> {
    return this.#cursor(slot * this.#width);
  }

  /** Hashes are cached: keys are few and recur, and hashing costs more than the lookup. */
  #hashOf(key: string): Hash {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const digest = new Bun.CryptoHasher('sha256').update(this.#secret).update(key).digest();
    // Both 0 would mean a free slot.
    const hash = { low: digest.readInt32LE(0), high: digest.readInt32LE(4) || 1 };
    this.#knownChars += key.length;
    if (this.#known.size >= MOST_KNOWN || this.#knownChars > MOST_KNOWN_CHARS) {
      this.#known.clear();
      this.#knownChars = key.length;
    }
    this.#known.set(key, hash);
    return hash;
  }
}

interface Hash {
  readonly low: number;
  readonly high: number;
}

const SHARDS = 64;
const LOCK_WORDS = 16;
const SPINS = 2_000;
/** After waiting this long for a lock, ask the kernel about its owner. */
const PATIENCE_MS = 100;
/** After the kernel reports a stopped or dead owner, ask it at once for this long. */
const SUSPECT_MS = 1_000;
const MOST_KNOWN = 20_000;
const MOST_KNOWN_CHARS = 1_000_000;

/** The word that holds the shard's number of records. */
function countOf(shard: number): number {
  return shard * LOCK_WORDS + 1;
}

/** The word that holds the process id of an owner, next to some shard's lock and count. */
function pidOf(owner: number): number {
  return (owner % SHARDS) * LOCK_WORDS + 2 + (Math.floor(owner / SHARDS) % (LOCK_WORDS - 2));
}

function placesOf(fields: number, capacity: number): { hashes: number; values: number; end: number } {
  const hashes = SHARDS * LOCK_WORDS * Int32Array.BYTES_PER_ELEMENT;
  const values = hashes + capacity * 2 * Int32Array.BYTES_PER_ELEMENT;
  return { hashes, values, end: values + capacity * fields * Float64Array.BYTES_PER_ELEMENT };
}

function emptyRecord<Field extends string>(fields: readonly Field[]): NumberRecord<Field> {
  return Object.fromEntries(fields.map((field) => [field, 0])) as NumberRecord<Field>;
}

type Cursor<Field extends string> = (base: number) => NumberRecord<Field>;

/** One reusable object that shows the record it is pointed at, so that a lookup allocates nothing. */
function cursorOver<Field extends string>(fields: readonly Field[], values: Float64Array): Cursor<Field> {
  let at = 0;
  const record = {} as NumberRecord<Field>;
  for (const [index, field] of fields.entries()) {
    Object.defineProperty(record, field, {
      enumerable: true,
      get: () => values[at + index],
      set: (value: number) => {
        values[at + index] = value;
      },
    });
  }
  return (base) => {
    at = base;
    return record;
  };
}

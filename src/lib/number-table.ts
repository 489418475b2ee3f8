/** A few named numbers under one key. */
export type NumberRecord<Field extends string> = Record<Field, number>;

/** Changes the record of one key. */
export type Change<Field extends string, Given, T> = (record: NumberRecord<Field>, given: Given) => T;

/** `given` spares a closure. */
export interface Update<Field extends string> {
  <T>(key: string, change: (record: NumberRecord<Field>) => T): T;
  <T, Given>(key: string, change: Change<Field, Given, T>, given: Given): T;
}

/**
 * A table of numbers that belongs to one process or is shared by several. A record of zeros is the same as no record,
 * and may be forgotten. While a callback looks at a record nobody else changes it, so the callback must return at once
 * and must not use the table.
 */
export interface NumberTable<Field extends string> {
  /** Calls `look` with the record; returns undefined if there is none. The record must not be kept. */
  readonly read: <T>(key: string, look: (record: Readonly<NumberRecord<Field>>) => T) => T | undefined;
  /** Calls `change` with the record and `given`; a new record starts with zeros. */
  readonly update: Update<Field>;
  /** Visits every record, which the callback may change, and forgets those for which `isOver` returns true. */
  readonly sweep: (isOver: (record: NumberRecord<Field>) => boolean) => void;
  /** Whether the table has no records. */
  readonly isEmpty: () => boolean;
}

/**
 * The table of one process. Beyond `most` records, the one that was changed longest ago is dropped. Changes while the
 * table is less than half full do not count for that, since keeping the order costs more than a change.
 */
export class LocalTable<Field extends string> implements NumberTable<Field> {
  readonly #records = new Map<string, NumberRecord<Field>>();
  readonly #fields: readonly Field[];
  readonly #zeros: NumberRecord<Field>;
  readonly #most: number;

  constructor(fields: readonly Field[], most = Infinity) {
    this.#fields = fields;
    this.#zeros = Object.fromEntries(fields.map((field) => [field, 0])) as NumberRecord<Field>;
    this.#most = most;
  }

  read<T>(key: string, look: (record: Readonly<NumberRecord<Field>>) => T): T | undefined {
    const record = this.#records.get(key);
    return record && look(record);
  }

  update<T, Given>(key: string, change: Change<Field, Given | undefined, T>, given?: Given): T {
    const known = this.#records.get(key);
    const record = known ?? { ...this.#zeros };
    const result = change(record, given);
    if (isZero(record, this.#fields)) this.#records.delete(key);
    else if (known === undefined || this.#records.size * 2 >= this.#most) this.#put(key, record);
    return result;
  }

  sweep(isOver: (record: NumberRecord<Field>) => boolean): void {
    for (const [key, record] of this.#records) if (isOver(record)) this.#records.delete(key);
  }

  isEmpty(): boolean {
    return this.#records.size === 0;
  }

  #put(key: string, record: NumberRecord<Field>): void {
    this.#records.delete(key);
    this.#records.set(key, record);
    const oldest = this.#records.size > this.#most ? this.#records.keys().next() : undefined;
    if (oldest?.done === false) this.#records.delete(oldest.value);
  }
}

/** Whether a record is the same as no record. */
export function isZero<Field extends string>(record: NumberRecord<Field>, fields: readonly Field[]): boolean {
  for (const field of fields) if (record[field] !== 0) return false;
  return true;
}

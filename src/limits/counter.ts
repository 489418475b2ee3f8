import type { NumberTable } from '../lib/number-table.ts';
import type { LeaseRecord, LeaseRecords } from './lease-report.ts';

/** A field of a counter's record. Every process that shares the table has a `held` column of its own, from 1 on. */
export type CounterField = 'used' | 'isSeeded' | 'endMs' | 'allow' | 'elsewhere' | 'alone' | `held${number}`;

/** The fields of the counters of this many processes. `areLeased`: several machines share limits. */
export function counterFields(processes: number, areLeased = false): readonly CounterField[] {
  const ofLeases = areLeased ? (['allow', 'elsewhere', 'alone'] as const) : [];
  return ['used', 'isSeeded', 'endMs', ...ofLeases, ...heldFields(processes)];
}

function heldFields(processes: number): readonly `held${number}`[] {
  return Array.from({ length: processes }, (_, index) => `held${index + 1}` as const);
}

/** The use of a limit by ended requests, and the holds of those in flight. In the unit of the limit. */
export interface Standing {
  readonly used: number;
  readonly held: number;
}

/**
 * `taken`: the need is held. `full`: it does not fit, and nothing changed. `unseeded`: the use is unknown, and nothing
 * changed.
 */
export interface CounterTaking extends Standing {
  readonly kind: 'taken' | 'full' | 'unseeded';
  /** For a leased counter: how far it may rise here, and the use on other machines as it was last noted. */
  readonly allow: number;
  readonly elsewhere: number;
}

/** The hold of a request that ends. */
export interface SettledHold {
  readonly held: number;
  readonly endMs: number;
  readonly isLeased?: boolean;
}

/** A request's demand on a counter. */
export interface CounterNeed {
  readonly need: number;
  /** The maximum of use and holds together. */
  readonly amount: number;
  /** The time until which the counter is needed, in milliseconds since 1970. Afterwards it may be forgotten. */
  readonly endMs: number;
  /** Whether a request that does not fit is still admitted if the counter has no holds and is not used up. */
  readonly mayPassIdle: boolean;
  /** Whether the need is held even if it does not fit. */
  readonly isSoft: boolean;
  /** Whether a lease says how much may be used and held, instead of `amount`. */
  readonly isLeased?: boolean;
  /** How much may be used and held with a smaller lease, too. The default is 0. */
  readonly least?: number;
}

/**
 * Counts what is used and held, by key. A record that was never seeded, or that the table has lost, is unknown rather
 * than zero, and admits nothing until `seed` was called.
 *
 * A process writes only its own `held` column, as the sum of its own holds rather than as a difference. So a lost column is correct again after the next change, and the supervisor may set the column of a dead process to 0.
 */
export class CounterLedger implements LeaseRecords {
  readonly #table: NumberTable<CounterField>;
  readonly #columns: readonly `held${number}`[];
  readonly #column: `held${number}`;
  /** The holds of this process, by key. */
  readonly #own = new Map<string, number>();

  /** `me` is the process's own column, from 1 to `processes`. */
  constructor(table: NumberTable<CounterField>, me = 1, processes = 1) {
    this.#table = table;
    this.#columns = heldFields(processes);
    this.#column = `held${me}`;
  }

  /** Holds the need if it fits: used + held + need ≤ amount. */
  take(key: string, wanted: CounterNeed): CounterTaking {
    const own = this.#own.get(key) ?? 0;
    const taking = this.#table.update(key, (record): CounterTaking => {
      record[this.#column] = own;
      const { used } = record;
      const held = this.#heldIn(record);
      const isLeased = wanted.isLeased === true;
      const allow = isLeased ? record.allow : 0;
      const elsewhere = isLeased ? record.elsewhere : 0;
      if (record.isSeeded === 0 && (isLeased || !wanted.isSoft))
        return { kind: 'unseeded', used, held, allow, elsewhere };
      const most = isLeased ? Math.max(allow, wanted.least ?? 0) : wanted.amount;
      if (!wanted.isSoft && !fits(wanted, most, { used, held }))
        return { kind: 'full', used, held, allow, elsewhere };
      record[this.#column] = own + wanted.need;
      record.endMs = wanted.endMs;
      return { kind: 'taken', used, held: held + wanted.need, allow, elsewhere };
    });
    if (taking.kind === 'taken') this.#keep(key, own + wanted.need);
    return taking;
  }

  /** Adds to a hold without checking whether that fits. */
  grow(key: string, more: number): void {
    const own = this.#keep(key, (this.#own.get(key) ?? 0) + more);
    this.#table.update(key, (record) => {
      record[this.#column] = own;
    });
  }

  /**
   * Replaces a hold by the actual use; 0 releases the hold. Returns the counter's total use, of a leased one with what was noted of
   * elsewhere.
   */
  settle(key: string, hold: SettledHold, used: number): number {
    const own = this.#keep(key, (this.#own.get(key) ?? 0) - hold.held);
    return this.#table.update(key, (record) => {
      record[this.#column] = own;
      record.used += used;
      // A late request must not keep a forgotten counter for ever.
      if (used !== 0 && record.endMs === 0) record.endMs = hold.endMs;
      return hold.isLeased === true ? record.used + record.elsewhere : record.used;
    });
  }

  /** Reads a counter; undefined: it is unknown. */
  standing(key: string): Standing | undefined {
    return this.#table.read(key, (record) =>
      record.isSeeded === 0 ? undefined : { used: record.used, held: this.#heldIn(record) },
    );
  }

  /** Writes this process's holds into a record that may have been lost. */
  publish(key: string): void {
    const own = this.#own.get(key) ?? 0;
    this.#table.update(key, (record) => {
      record[this.#column] = own;
    });
  }

  /**
   * Seeds an unknown counter. Call it after every process has published its holds. Uses that were settled while the
   * counter was unknown are added, so it may count them twice but is never too low.
   */
  seed(key: string, used: number, endMs: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded !== 0) return;
      record.used += used;
      record.isSeeded = 1;
      record.endMs = endMs;
    });
  }

  /** The same for a leased counter, which allows nothing yet. `used` is what the ledger does not have. */
  seedLeased(key: string, used: number, endMs: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded !== 0) return;
      record.used += used;
      record.isSeeded = 1;
      record.endMs = endMs;
      record.allow = record.used;
    });
  }

  /**
   * Adds to the use, for an adjusting entry or a lost request. An unknown counter stays so. A credit may be below 0.
   */
  adjust(key: string, amount: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded !== 0) record.used += amount;
    });
  }

  /** How a leased counter stands; undefined: it is unknown. */
  leased(key: string): LeaseRecord | undefined {
    return this.#table.read(key, (record) =>
      record.isSeeded === 0
        ? undefined
        : { used: record.used, held: this.#heldIn(record), allow: record.allow },
    );
  }

  /** The use of a leased counter on other machines and in the ledger. */
  elsewhere(key: string): number {
    return this.#table.read(key, ({ elsewhere }) => elsewhere) ?? 0;
  }

  /** Raises what a leased counter allows. */
  allowMore(key: string, amount: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded !== 0) record.allow += amount;
    });
  }

  /** Takes back up to `most` of what is allowed and neither used nor held. Returns how much. */
  takeBack(key: string, most: number): number {
    return this.#table.update(key, (record) => {
      const unused = record.isSeeded === 0 ? 0 : record.allow - record.used - this.#heldIn(record);
      const taken = Math.max(0, Math.min(most, unused));
      record.allow -= taken;
      return taken;
    });
  }

  /** Moves a use of a leased counter from this machine to the ledger. */
  markStored(key: string, amount: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded === 0) return;
      record.used -= amount;
      record.allow -= amount;
      record.elsewhere += amount;
    });
  }

  /** Notes what a leased counter has used elsewhere. */
  noteElsewhere(key: string, used: number): void {
    this.#table.update(key, (record) => {
      if (record.isSeeded !== 0) record.elsewhere = used;
    });
  }

  /** Notes units that were used of this machine's share of a bucket. Below 0: they were not used. */
  noteAlone(key: string, amount: number): void {
    this.#table.update(key, (record) => {
      record.alone += amount;
    });
  }

  takeAlone(key: string): number {
    const alone = this.#table.read(key, (record) => record.alone) ?? 0;
    if (alone === 0) return 0;
    return this.#table.update(key, (record) => {
      const taken = record.alone;
      record.alone = 0;
      return taken;
    });
  }

  /** Releases everything that a dead process held. */
  releaseColumn(process: number): void {
    const column = this.#columns[process - 1];
    if (column === undefined) return;
    this.#table.sweep((record) => {
      record[column] = 0;
      return record.isSeeded === 0 && record.used === 0 && this.#heldIn(record) === 0;
    });
  }

  /** Forgets the counters that have ended and have no holds. */
  sweep(epochMs: number): void {
    this.#table.sweep((record) => record.endMs <= epochMs && this.#heldIn(record) === 0);
  }

  #keep(key: string, own: number): number {
    if (own > 0) this.#own.set(key, own);
    else this.#own.delete(key);
    return Math.max(0, own);
  }

  #heldIn(record: Readonly<Record<CounterField, number>>): number {
    let held = 0;
    for (const column of this.#columns) held += record[column] ?? 0;
    return held;
  }
}

/** The rule of every limit: 0 refuses all requests, and a need that exactly reaches the limit fits. */
function fits({ need, mayPassIdle }: CounterNeed, most: number, { used, held }: Standing): boolean {
  if (used + held + need <= most) return true;
  return mayPassIdle && held === 0 && used < most;
}

import type { Claim } from '../../limits/claim.ts';
import type { Database } from '../../store/database.ts';
import type { Use } from '../journal/line.ts';
import { currentUse, insertPastUse, sumPastUse, type WantedUse } from './past-use.ts';
import { type EnteredWindow, readEntered, type StoredLedger } from './read-ledger.ts';
import { WindowMemory } from './window-memory.ts';

export interface KnownUseOptions {
  readonly database: Database;
  readonly nowMs: () => number;
  /** Called when the use of a counter changes other than by a request of this machine. */
  readonly onMoved: (use: Use) => void;
}

/** The use of each counter, according to database and journals. */
export class KnownUse {
  readonly #options: KnownUseOptions;
  #memory = new WindowMemory();
  #claims: readonly Claim[] = [];
  /** The newest entry that is known. */
  #seq = 0;

  constructor(options: KnownUseOptions) {
    this.#options = options;
  }

  usedOf(counter: string, windowMs: number): number {
    return this.#memory.get(counter, windowMs);
  }

  /** The starts of windows that never end. */
  get totals(): number[] {
    return this.#claims.flatMap(({ period }) => (period?.unit === 'total' ? (period.startMs ?? []) : []));
  }

  /** Forgets windows that ended. */
  prune(): void {
    this.#memory.prune(this.#options.nowMs(), this.totals);
  }

  /** Adds the use of requests that are not in the database. */
  note(uses: readonly Use[]): void {
    for (const [counter, windowMs, amount] of uses) this.#memory.add(counter, windowMs, amount);
  }

  /**
   * Replaces the use known from journals alone by that in the database. `recount` adds again what is only in the
   * journals.
   */
  begin({ windows, seq }: StoredLedger, recount: () => void): void {
    const before = this.#memory;
    this.#seq = seq;
    this.#memory = new WindowMemory();
    for (const { counter, windowMs, used, entered } of windows) {
      this.#memory.add(counter, windowMs, used - entered);
      this.#memory.enter(counter, windowMs, entered);
    }
    recount();
    for (const [counter, windowMs, used] of this.#memory.all())
      this.#tell(counter, windowMs, used - before.get(counter, windowMs));
  }

  /** Applies entries that were made since, and returns them. */
  async hear(): Promise<readonly EnteredWindow[]> {
    const entered = await this.#options.database.read((sql) => readEntered(sql, this.#seq));
    for (const { counter, windowMs, sum, seq } of entered) {
      this.#seq = seq;
      this.#tell(counter, windowMs, this.#memory.enter(counter, windowMs, sum));
    }
    return entered;
  }

  /** Takes the limits of a new configuration. Returns whether `learn` has to be called. */
  follow(claims: readonly Claim[]): boolean {
    this.#claims = claims;
    return this.#unknown().length > 0;
  }

  /** Sums the uncounted past use of the windows of limits from the quarters. */
  async learn(): Promise<void> {
    const { database, nowMs } = this.#options;
    const wanted = this.#unknown();
    if (wanted.length === 0) return;
    const sums = await database.read((sql) => sumPastUse(sql, wanted));
    await database.write((sql) => insertPastUse(sql, sums, nowMs()));
    for (const one of wanted) {
      const { counter } = one.claim;
      this.#tell(counter, one.windowMs, this.#memory.enter(counter, one.windowMs, sums.get(one) ?? 0));
    }
  }

  #unknown(): WantedUse[] {
    return currentUse(this.#claims, this.#options.nowMs()).filter(
      ({ claim, windowMs }) => !this.#memory.has(claim.counter, windowMs),
    );
  }

  #tell(counter: string, windowMs: number, moved: number): void {
    if (moved !== 0) this.#options.onMoved([counter, windowMs, moved]);
  }
}

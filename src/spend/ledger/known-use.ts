import { type CompiledLimits, noLimits } from '../../config/compiled-limits.ts';
import type { Database } from '../../store/database.ts';
import type { Use } from '../journal/line.ts';
import {
  type CountedUse,
  countedUse,
  currentUse,
  insertPastUse,
  sumPastUse,
  type WantedUse,
} from './past-use.ts';
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
  #limits = noLimits();
  /** The limits whose use until they were compiled is known. Later use is noted. */
  #learned: CompiledLimits | undefined;
  readonly #totals = new Set<number>();
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
    return [...this.#totals];
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
    this.#learned = undefined;
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
  follow(limits: CompiledLimits): boolean {
    this.#limits = limits;
    for (const { period } of limits.notIn(this.#learned))
      if (period?.unit === 'total' && period.startMs !== undefined) this.#totals.add(period.startMs);
    if (this.#unknown().next().done !== true) return true;
    this.#learned = limits;
    return false;
  }

  /** Sums the uncounted past use of the windows of limits from the quarters. */
  async learn(): Promise<void> {
    const { database, nowMs } = this.#options;
    const limits = this.#limits;
    const wanted = [...this.#unknown()];
    if (wanted.length > 0) {
      const known = await database.read(async (sql) => {
        const past = await sumPastUse(sql, wanted);
        return { past, counted: await countedUse(sql, [...past.keys()]) };
      });
      const missing = new Map<WantedUse, number>();
      for (const [one, sum] of known.past) {
        const { used, entered } = known.counted.get(one) ?? NOTHING;
        const past = Math.max(0, sum - used);
        missing.set(one, past);
        this.#enter(one, { used: used - entered, entered: entered + past });
      }
      await database.write((sql) => insertPastUse(sql, missing, nowMs()));
    }
    this.#learned = limits;
  }

  /** Takes the use of a window that this machine has not counted in. */
  #enter({ claim: { counter }, windowMs }: WantedUse, { used, entered }: CountedUse): void {
    this.#memory.add(counter, windowMs, used);
    this.#tell(counter, windowMs, used + this.#memory.enter(counter, windowMs, entered));
  }

  /** The windows of new limits in which nothing is known to be used. */
  *#unknown(): Generator<WantedUse> {
    for (const one of currentUse(this.#limits.notIn(this.#learned), this.#options.nowMs())) {
      const { claim, windowMs } = one;
      if (!this.#memory.has(claim.counter, windowMs) && !this.#isLearned(one)) yield one;
    }
  }

  /** Whether an equal limit was there before. Then every machine has counted in its windows. */
  #isLearned({ claim: { scope, scopeId, counter }, windowMs }: WantedUse): boolean {
    const before = this.#learned?.inScope(`${scope}:${scopeId}`) ?? [];
    const known = before.find((claim) => claim.counter === counter);
    return (
      known !== undefined &&
      [...currentUse([known], this.#options.nowMs())].some((use) => use.windowMs === windowMs)
    );
  }

  #tell(counter: string, windowMs: number, moved: number): void {
    if (moved !== 0) this.#options.onMoved([counter, windowMs, moved]);
  }
}

const NOTHING: CountedUse = { used: 0, entered: 0 };

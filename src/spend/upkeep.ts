import type { Database } from '../store/database.ts';
import { buildRecordIndexes } from '../store/records/record-indexes.ts';
import { rollUp } from './ledger/roll-up.ts';

export interface UpkeepOptions {
  readonly database: Database;
  /** Older quarters are not summed. */
  readonly keptMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

const EVERY_MS = 60_000;
/** A gateway answers its first requests before this begins. */
const FIRST_MS = 1000;
/** The share of the time that the database works for sums after an upgrade. */
const SHARE = 0.25;

/**
 * Does what makes large reports and searches fast, beside requests: creates the indexes of request records, and sums up
 * the ledger. Reports are right without it. A failure is repaired by the next turn, a minute later.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #timer: Timer | undefined;
  #summing: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#plan(FIRST_MS);
  }

  /** Waits for the sum that is being computed, but not for an index, which the database gives up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    await this.#summing;
  }

  #plan(afterMs: number): void {
    if (this.#isClosing) return;
    this.#timer = setTimeout(() => void this.#turn(), afterMs);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    const { database, keptMs, nowMs } = this.#options;
    this.#summing = quietly(() =>
      rollUp(database, { nowMs: nowMs(), keptMs, isStopped: () => this.#isClosing, share: SHARE }),
    );
    await this.#summing;
    if (!this.#isClosing) await quietly(() => buildRecordIndexes(database));
    this.#plan(EVERY_MS);
  }
}

/** The database is away, or another gateway does the same. */
async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // The next turn is soon enough.
  }
}

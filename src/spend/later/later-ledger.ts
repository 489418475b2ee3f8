import type { SQL } from 'bun';
import type { Snapshot } from '../../config/snapshot.ts';
import type { LaterCosts, LaterEvent, LaterUse, LaterWork } from '../../gateway/later/later-costs.ts';
import { type Database, StoreUnavailable } from '../../store/database.ts';
import { insertEntries, writeEntries } from '../entries/entry.ts';
import { laterEntries, type LaterPrices } from './later-entries.ts';

export interface LaterLedgerOptions {
  readonly database: Database;
  readonly snapshot: () => Snapshot;
  readonly costAt: LaterPrices['costAt'];
  readonly nowMs: () => number;
  /** An error that is not the database's. */
  readonly onBug: (error: unknown) => void;
}

/** Events that wait while the database is away. */
const MOST_WAITING = 10_000;
const AGAIN_MS = 2_000;

/**
 * Settles work that providers go on with after their answer, in the process that writes to the database. Each work is
 * settled once: its row and the entries change in one transaction.
 */
export class LaterLedger implements LaterCosts {
  readonly #options: LaterLedgerOptions;
  readonly #waiting: LaterEvent[] = [];
  #working: Promise<void> | undefined;
  #isClosing = false;

  constructor(options: LaterLedgerOptions) {
    this.#options = options;
  }

  note(event: LaterEvent): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(event);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Stores what waits, unless the database is away. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#working;
  }

  /** Works through the events in their order. Never rejects. */
  async #work(): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      if (await this.#isDone(event)) this.#waiting.shift();
      else if (this.#isClosing) return;
      else await Bun.sleep(AGAIN_MS);
    }
  }

  /** Resolves with false if the database is away. */
  async #isDone(event: LaterEvent): Promise<boolean> {
    try {
      await this.#apply(event);
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      this.#options.onBug(error);
    }
    return true;
  }

  #apply(event: LaterEvent): Promise<void> {
    switch (event.type) {
      case 'begun':
        return this.#begin(event.work);
      case 'output':
        return this.#link(event);
      case 'ended':
        return this.#settle(event);
    }
  }

  #begin(work: LaterWork): Promise<void> {
    const row = { id: work.id, provider: work.provider, made_at_ms: work.atMs, body: JSON.stringify(work) };
    return this.#options.database.write(async (sql) => {
      await sql`insert into later_work ${sql([row])} on conflict do nothing`;
    });
  }

  #link({ id, provider, file }: Extract<LaterEvent, { type: 'output' }>): Promise<void> {
    return this.#options.database.write(async (sql) => {
      await sql`update later_work set output_id = ${file}
        where id = ${id} and provider = ${provider} and settled_ms is null and output_id is null`;
    });
  }

  async #settle({ id, provider, uses }: Extract<LaterEvent, { type: 'ended' }>): Promise<void> {
    const { database, snapshot, costAt, nowMs } = this.#options;
    const known = await database.read((sql) => findUnsettled(sql, id, provider));
    if (known === undefined) return;
    const prices = { snapshot: snapshot(), costAt, nowMs: nowMs() };
    const entries = await laterEntries(known, usesOf(known, uses), prices);
    await writeEntries(database, async (sql) => {
      const settled: unknown[] = await sql`update later_work set settled_ms = ${prices.nowMs}
        where id = ${known.id} and settled_ms is null returning id`;
      // Another process was faster.
      if (settled.length > 0) await insertEntries(sql, entries, prices.nowMs);
    });
  }
}

/** A response has one use, that of the model that was asked. */
function usesOf({ kind }: LaterWork, uses: readonly LaterUse[]): readonly LaterUse[] {
  return kind === 'response' ? uses.slice(0, 1) : uses;
}

async function findUnsettled(sql: SQL, id: string, provider: string): Promise<LaterWork | undefined> {
  const [row]: { body: string }[] = await sql`select body from later_work
    where (id = ${id} or output_id = ${id}) and provider = ${provider} and settled_ms is null`;
  return row && (JSON.parse(row.body) as LaterWork);
}

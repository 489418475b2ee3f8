import { windowKey } from '../limits/counter-amount.ts';
import type { EnteredWindow } from '../spend/ledger/read-ledger.ts';
import { LOST_NAMES } from '../spend/nodes/lost-claims.ts';
import type { SentReport } from '../spend/nodes/lease-store.ts';
import { type Database, StoreUnavailable } from '../store/database.ts';
import { newEra } from './acquire.ts';
import type { RedisConnection } from './connection.ts';
import type { LeaseKeys } from './lease-keys.ts';
import { BASE, ENTER } from './lease-scripts.ts';
import { lastsMs, textOf } from './lease-text.ts';

export interface LedgerBaseOptions {
  readonly redis: RedisConnection;
  readonly database: Database;
  readonly keys: LeaseKeys;
}

type CounterWindow = Pick<SentReport, 'counter' | 'windowMs'>;

/** A counter's numbers in the ledger. */
interface Base {
  entered: number;
  seq: number;
  readonly ofNodes: Map<string, number>;
}

/** Brings to Redis what only the ledger knows: use before Redis knew a counter, and adjusting entries. */
export class LedgerBase {
  readonly #options: LedgerBaseOptions;
  /** Entries that Redis does not have yet, by its key. */
  readonly #waiting = new Map<string, EnteredWindow>();

  constructor(options: LedgerBaseOptions) {
    this.#options = options;
  }

  /**
   * Brings the ledger's numbers of counters. Without the database, only those of windows that began after leases were first
   * granted, `sinceMs`: nobody has used them before.
   */
  async bring(reports: readonly SentReport[], sinceMs: number): Promise<void> {
    const bases = await this.#read(reports).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
      return undefined;
    });
    const known = reports.filter(({ windowMs }) => bases !== undefined || windowMs > sinceMs);
    await Promise.all(
      known.map((report) => this.#bring(report, bases?.get(keyOf(report)), lastsMs(report.endMs))),
    );
  }

  /** Brings the ledger's numbers of counters that Redis knows. Rejects if the database does not answer. */
  async renew(counters: readonly CounterWindow[]): Promise<void> {
    const bases = await this.#read(counters);
    await Promise.all(counters.map((of) => this.#bring(of, bases.get(keyOf(of)), 0)));
  }

  /** Notes entries, and tells Redis of them now or, if it does not answer, later. */
  async enter(entries: readonly EnteredWindow[]): Promise<void> {
    const { keys } = this.#options;
    for (const entry of entries) this.#waiting.set(keys.counter(entry.counter, entry.windowMs), entry);
    await this.enterWaiting();
  }

  async enterWaiting(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const { redis, keys } = this.#options;
    const entering = [...this.#waiting].map(async ([key, entry]) => {
      const { epoch, nodes } = keys;
      const numbers = [textOf(entry.sum), String(entry.seq), textOf(lastsMs(Infinity))];
      await redis.run(ENTER, [epoch, nodes, key], [newEra(), ...numbers]);
      if (this.#waiting.get(key) === entry) this.#waiting.delete(key);
    });
    await Promise.all(entering);
  }

  /** `keepMs` 0: it is kept for as long as it was to be kept before. */
  async #bring(of: CounterWindow, base: Base | undefined, keepMs: number): Promise<void> {
    const { redis, keys } = this.#options;
    const { epoch, nodes } = keys;
    const ofNodes = [...(base?.ofNodes ?? [])].flatMap(([node, used]) => [node, textOf(used)]);
    const entered = [textOf(base?.entered ?? 0), String(base?.seq ?? 0)];
    const args = [newEra(), textOf(keepMs), ...entered, ...ofNodes];
    await redis.run(BASE, [epoch, nodes, keys.counter(of.counter, of.windowMs)], args);
  }

  async #read(counters: readonly CounterWindow[]): Promise<Map<string, Base>> {
    const wanted = JSON.stringify(counters.map(({ counter: c, windowMs: w }) => ({ c, w })));
    const rows = await this.#options.database.read<Record<string, unknown>[]>(
      // The claims of lost nodes that count as spent are in no journal.
      (
        sql,
      ) => sql`with wanted as (select c, w from jsonb_to_recordset((${wanted}::text)::jsonb) as x(c text, w bigint))
        select counter, window_ms, node, used, seq from counter_windows
          where (counter, window_ms) in (select c, w from wanted)
        union all select counter, window_ms, node, pending, 0 from leases
          where (counter, window_ms) in (select c, w from wanted) and node like ${LOST_NAMES}`,
    );
    const bases = new Map<string, Base>();
    for (const row of rows) {
      const key = keyOf({ counter: String(row['counter']), windowMs: Number(row['window_ms']) });
      const base = bases.get(key) ?? { entered: 0, seq: 0, ofNodes: new Map<string, number>() };
      bases.set(key, base);
      const [node, used] = [String(row['node']), Number(row['used'])];
      if (node === '') Object.assign(base, { entered: used, seq: Number(row['seq']) });
      else base.ofNodes.set(node, used);
    }
    return bases;
  }
}

function keyOf({ counter, windowMs }: CounterWindow): string {
  return windowKey(counter, windowMs);
}

import type { SQL } from 'bun';
import { DAILY, MONTH_MS, SHORT_MS } from './window-memory.ts';

/** The state of counters and journals in the database. */
export interface StoredLedger {
  /** Each counter and window: the use that all nodes have stored, and the part of it that entries moved. */
  readonly windows: readonly StoredWindow[];
  /** How far each journal file is stored. */
  readonly acked: ReadonlyMap<string, number>;
  /** The newest entry. */
  readonly seq: number;
}

export interface StoredWindow {
  readonly counter: string;
  readonly windowMs: number;
  readonly used: number;
  readonly entered: number;
  /** The use of the node of the options. */
  readonly own: number;
}

export interface ReadOptions {
  readonly nowMs: number;
  /** The starts of windows that never end. */
  readonly totals: readonly number[];
  /** The node whose use is read as `own`. */
  readonly node?: string;
}

/** Reads the ledger in one transaction; with options, without windows that ended. */
export async function readLedger(sql: SQL, options?: ReadOptions): Promise<StoredLedger> {
  const rows: {
    counter: string;
    window_ms: number | string;
    used: number | string;
    entered: number | string;
    own: number | string;
  }[] = await sql`select counter, window_ms, sum(used) as used,
      sum(case when node = '' then used else 0 end) as entered,
      sum(case when node = ${options?.node ?? ''} and node <> '' then used else 0 end) as own
      from counter_windows ${options === undefined ? sql`` : currentOnly(sql, options)}
      group by counter, window_ms`;
  const journals: { file: string; acked: number | string }[] = await sql`select file, acked from journals`;
  const [last]: { seq: number | string | null }[] = await sql`select max(seq) as seq from counter_windows`;
  return {
    windows: rows.map(({ counter, window_ms, used, entered, own }) => ({
      counter,
      windowMs: Number(window_ms),
      used: Number(used),
      entered: Number(entered),
      own: Number(own),
    })),
    acked: new Map(journals.map(({ file, acked }) => [file, Number(acked)])),
    seq: Number(last?.seq ?? 0),
  };
}

function currentOnly(sql: SQL, { nowMs, totals }: ReadOptions) {
  return sql`where window_ms in ${sql([0, ...totals])} or window_ms >= ${nowMs - SHORT_MS}
    or (window_ms >= ${nowMs - MONTH_MS} and counter not like ${`%${DAILY}%`})`;
}

/** A counter whose entries have a new sum. */
export interface EnteredWindow {
  readonly counter: string;
  readonly windowMs: number;
  readonly sum: number;
  readonly seq: number;
}

/** The counters that entries after `seq` changed, in the order of the entries. */
export async function readEntered(sql: SQL, seq: number): Promise<EnteredWindow[]> {
  const rows: { counter: string; window_ms: number | string; used: number | string; seq: number | string }[] =
    await sql`select counter, window_ms, used, seq from counter_windows where node = '' and seq > ${seq}
      order by seq`;
  return rows.map((row) => ({
    counter: row.counter,
    windowMs: Number(row.window_ms),
    sum: Number(row.used),
    seq: Number(row.seq),
  }));
}

/** How far a file is stored; 0: the database does not know it. */
export async function readAcked(sql: SQL, file: string): Promise<number> {
  const [row]: { acked: number | string }[] = await sql`select acked from journals where file = ${file}`;
  return Number(row?.acked ?? 0);
}

import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';
import type { Dialect } from '../../store/dialect.ts';
import { coverOf, DAY_MS, readSummed, type Summed, type SumRange } from '../ledger/sum-steps.ts';
import type { ReportPeriod, Span } from './report-period.ts';
import {
  type NameDimension,
  type SpendFilter,
  type SpendSource,
  sourceIn,
  sourceOf,
  spendStatement,
  type SpendTable,
} from './spend-statement.ts';
import type { SumRow } from './spend-sums.ts';

/** A span with the label that its groups get. */
export type Labelled = Span & Partial<ReportPeriod>;

/** A row of a report: the names in the query's order are `n0`, `n1`, … */
export type SpendRow = SumRow & Readonly<Record<string, string | number | null>>;

export interface SpendParts {
  /** In order of time, and without gaps. */
  readonly periods: readonly Labelled[];
  readonly table: SpendTable;
  readonly names: readonly NameDimension[];
  readonly filter: SpendFilter;
}

/** Sums of a part of a period. */
export interface SpendPart {
  readonly label: string | undefined;
  readonly rows: readonly SpendRow[];
}

/** SQLite sums on the thread that serves requests, and sorts short pieces faster; PostgreSQL has a time limit. */
const PIECE_MS: Readonly<Record<Dialect['kind'], number>> = { sqlite: 3 * 3_600_000, postgres: DAY_MS };
/** The stored sums that one statement adds up, for the same reasons. */
const PIECE_SUMS: Readonly<Record<Dialect['kind'], number>> = { sqlite: 12, postgres: 96 };
/** How long one transaction continues with further statements. */
const TURN_MS = 40;

/** Sums periods in the order of time, a period in one or more parts. Throws `StoreUnavailable`. */
export async function* readParts(database: Database, query: SpendParts): AsyncGenerator<SpendPart> {
  const { dialect } = database;
  const plan = new Plan(query, dialect);
  while (plan.hasMore) {
    const found: SpendPart[] = [];
    await database.read(async (sql) => {
      const untilMs = performance.now() + TURN_MS;
      plan.begin();
      do {
        const parts = await plan.next(sql);
        if (parts.length === 0) break;
        const { text, values } = spendStatement(
          query,
          parts.map(({ sources }) => sources),
          dialect,
        );
        const rows: SpendRow[] = await sql.unsafe(text, [...values]);
        const byPart = Map.groupBy(rows, ({ part }) => Number(part));
        for (const [at, { label }] of parts.entries()) found.push({ label, rows: byPart.get(at) ?? [] });
      } while (plan.hasMore && performance.now() < untilMs);
    });
    yield* found;
    await Bun.sleep(0);
  }
}

/** A part of a period before it is read. */
interface Planned {
  readonly label: string | undefined;
  readonly sources: readonly SpendSource[];
  /** The number of stored sums. */
  readonly size: number;
  /** Whether some are subtracted. Such a part is read in the transaction in which it was planned. */
  readonly isSigned: boolean;
}

/** The steps whose sums are known to exist are read for this much time at once. */
const LOOK_AHEAD_MS = 32 * DAY_MS;

/** The parts that are still to be read. */
class Plan {
  readonly #query: SpendParts;
  readonly #kind: Dialect['kind'];
  readonly #most: number;
  #at = 0;
  #waiting: Planned[] = [];
  /** The steps that have sums, up to a time, as the current transaction sees them. */
  #summed: { readonly steps: Summed; readonly untilMs: number } | undefined;

  constructor(query: SpendParts, { kind }: Dialect) {
    this.#query = query;
    this.#kind = kind;
    this.#most = PIECE_SUMS[kind];
  }

  get hasMore(): boolean {
    return this.#waiting.length > 0 || this.#at < this.#query.periods.length;
  }

  /** A transaction begins. */
  begin(): void {
    this.#summed = undefined;
    if (this.#waiting[0]?.isSigned !== true) return;
    this.#waiting = [];
    this.#at -= 1;
  }

  /** The parts of the next statement; none: there are no more. */
  async next(sql: SQL): Promise<Planned[]> {
    const taken: Planned[] = [];
    let room = this.#most;
    while (this.hasMore) {
      if (this.#waiting.length === 0) this.#waiting = await this.#nextPeriod(sql);
      const [part] = this.#waiting;
      if (part === undefined) continue;
      if (taken.length > 0 && part.size > room) break;
      this.#waiting.shift();
      taken.push(part);
      room -= part.size;
    }
    return taken;
  }

  async #nextPeriod(sql: SQL): Promise<Planned[]> {
    const period = this.#query.periods[this.#at++];
    if (period === undefined) return [];
    const { label, ...span } = period;
    const { table } = this.#query;
    if (table.name === 'request_records') {
      return [...cut(span, PIECE_MS[this.#kind])].map((one) => ({
        label,
        sources: [sourceIn(table, one)],
        size: this.#most,
        isSigned: false,
      }));
    }
    const { edges, days } = coverOf(span, await this.#stepsIn(sql, span));
    const isSigned = edges.some(({ sign }) => sign < 0);
    const groups = isSigned
      ? [edges, ...inGroups(days, this.#most)]
      : inGroups([...edges, ...days], this.#most);
    return [...groups].map((ranges, at) => ({
      label,
      sources: ranges.map(sourceOf),
      size: sizeOf(ranges),
      isSigned: isSigned && at === 0,
    }));
  }

  async #stepsIn(sql: SQL, { sinceMs, untilMs }: Span): Promise<Summed> {
    if (this.#summed === undefined || this.#summed.untilMs < untilMs) {
      const end = this.#query.periods.at(-1)?.untilMs ?? untilMs;
      const lookedTo = Math.max(untilMs, Math.min(end, sinceMs + LOOK_AHEAD_MS));
      this.#summed = { steps: await readSummed(sql, { sinceMs, untilMs: lookedTo }), untilMs: lookedTo };
    }
    return this.#summed.steps;
  }
}

/** Groups of at most so many sums. */
function* inGroups(ranges: readonly SumRange[], most: number): Generator<SumRange[]> {
  let group: SumRange[] = [];
  for (const range of ranges) {
    for (const span of cut(range, range.stepMs * most)) {
      const piece = { ...range, ...span };
      if (sizeOf([...group, piece]) > most) {
        yield group;
        group = [];
      }
      group.push(piece);
    }
  }
  if (group.length > 0) yield group;
}

function sizeOf(ranges: readonly SumRange[]): number {
  return ranges.reduce((sum, { sinceMs, untilMs, stepMs }) => sum + (untilMs - sinceMs) / stepMs, 0);
}

function* cut({ sinceMs, untilMs }: Span, pieceMs: number): Generator<Span> {
  for (let at = sinceMs; at < untilMs; at += pieceMs)
    yield { sinceMs: at, untilMs: Math.min(at + pieceMs, untilMs) };
}

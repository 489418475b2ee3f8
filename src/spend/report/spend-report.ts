import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';
import type { Dialect } from '../../store/dialect.ts';
import { type PeriodUnit, type ReportPeriod, type Span, periodsOf } from './report-period.ts';
import {
  type NameDimension,
  type SpendFilter,
  spendStatement,
  type SpendTable,
  tableFor,
} from './spend-statement.ts';
import { addSums, NO_SPEND, type SpendSums, type SumRow, sumsOf } from './spend-sums.ts';

/** The query of a report. */
export interface SpendQuery extends Span {
  /** undefined: one sum for the whole span. */
  readonly period: PeriodUnit | undefined;
  readonly names: readonly NameDimension[];
  readonly timezone: string;
  readonly filter: SpendFilter;
}

/** The sums of one group. `names` are in the order of the query's; null is the group without the name. */
export interface SpendGroup {
  /** The period's label; undefined: the query has no periods. */
  readonly period: string | undefined;
  readonly names: readonly (string | null)[];
  readonly sums: SpendSums;
}

/** There are more groups than one answer may have. */
export class TooManyGroups extends Error {
  constructor() {
    super(`there are more than ${MOST_GROUPS} groups`);
    this.name = 'TooManyGroups';
  }
}

const MOST_GROUPS = 100_000;
/** SQLite sums on the thread that serves requests, and sorts short pieces faster; PostgreSQL has a time limit. */
const PIECE_MS: Readonly<Record<Dialect['kind'], number>> = { sqlite: 3 * 3_600_000, postgres: 86_400_000 };
/** How long one transaction continues with further pieces. */
const TURN_MS = 40;

/**
 * Sums the spending of a span by period and names, and passes the groups on, one period after the other and sorted by
 * name. Throws `StoreUnavailable` or `TooManyGroups`. Each period is read on its own, so that the parts of an answer
 * add up to its total even if requests end meanwhile.
 */
export async function* spendGroups(database: Database, query: SpendQuery): AsyncGenerator<SpendGroup[]> {
  let count = 0;
  const table = tableFor(query.names, query.filter);
  let groups = new Map<string, SpendGroup>();
  let current: string | undefined;
  for await (const { piece, rows } of readPieces(database, query, table)) {
    if (piece.label !== current) {
      if (groups.size > 0) yield sorted(groups);
      groups = new Map();
      current = piece.label;
    }
    const before = groups.size;
    for (const row of rows) note(groups, row, { label: piece.label, names: query.names });
    count += groups.size - before;
    if (count > MOST_GROUPS) throw new TooManyGroups();
  }
  if (groups.size > 0) yield sorted(groups);
}

/** A span that one statement sums. */
interface Piece extends Span {
  readonly label: string | undefined;
}

async function* readPieces(
  database: Database,
  query: SpendQuery,
  table: SpendTable,
): AsyncGenerator<{ readonly piece: Piece; readonly rows: readonly SpendRow[] }> {
  const span = await known(database, query, table);
  const pieces = piecesOf({ ...query, ...span }, PIECE_MS[database.dialect.kind]);
  let next = pieces.next();
  while (next.done !== true) {
    const found: { piece: Piece; rows: SpendRow[] }[] = [];
    await database.read(async (sql) => {
      const untilMs = performance.now() + TURN_MS;
      while (next.done !== true) {
        const { text, values } = spendStatement({ ...query, table }, next.value, database.dialect);
        found.push({ piece: next.value, rows: await sql.unsafe(text, [...values]) });
        next = pieces.next();
        if (performance.now() > untilMs) break;
      }
    });
    yield* found;
    await Bun.sleep(0);
  }
}

/** The part of the span that has data, so that a report on all time does not query empty days. */
async function known(database: Database, { sinceMs, untilMs }: Span, table: SpendTable): Promise<Span> {
  const rows: { first: number | string | null; last: number | string | null }[] = await database.read((sql) =>
    edges(sql, table, { sinceMs, untilMs }),
  );
  const { first, last } = rows[0] ?? { first: null, last: null };
  if (first === null || last === null) return { sinceMs, untilMs: sinceMs };
  return { sinceMs: Math.max(sinceMs, Number(first)), untilMs: Math.min(untilMs, Number(last) + 1) };
}

function edges(sql: SQL, { name, time }: SpendTable, { sinceMs, untilMs }: Span) {
  const text = `select min(${time}) as first, max(${time}) as last from ${name} where ${time} >= $1 and ${time} < $2`;
  return sql.unsafe(text, [sinceMs, untilMs]);
}

function* piecesOf(query: SpendQuery, pieceMs: number): Generator<Piece, undefined> {
  const { period, timezone, sinceMs, untilMs } = query;
  const whole: Iterable<Span & Partial<ReportPeriod>> =
    period === undefined ? [{ sinceMs, untilMs }] : periodsOf(period, timezone, query);
  for (const { label, ...span } of whole) {
    for (let fromMs = span.sinceMs; fromMs < span.untilMs; fromMs += pieceMs) {
      yield { label, sinceMs: fromMs, untilMs: Math.min(fromMs + pieceMs, span.untilMs) };
    }
  }
  return undefined;
}

type SpendRow = SumRow & Readonly<Record<string, string | number | null>>;

function note(
  groups: Map<string, SpendGroup>,
  row: SpendRow,
  { label, names }: { label: string | undefined; names: readonly NameDimension[] },
): void {
  const values = names.map((_, at) => nameIn(row[`n${at}`]));
  const sums = sumsOf(row);
  // Without names, a statement has one row, which is empty where there was no request.
  if (sums.requests === 0 && sums.cost === 0n && isEmpty(sums)) return;
  const id = JSON.stringify(values);
  const before = groups.get(id);
  groups.set(id, {
    period: label,
    names: values,
    sums: before === undefined ? sums : addSums(before.sums, sums),
  });
}

function isEmpty(sums: SpendSums): boolean {
  return Object.values(sums).every((value) => value === 0 || value === 0n);
}

function nameIn(value: string | number | null | undefined): string | null {
  return value === null || value === undefined || value === '' ? null : String(value);
}

function sorted(groups: ReadonlyMap<string, SpendGroup>): SpendGroup[] {
  return [...groups.values()].toSorted((one, other) => compareNames(one.names, other.names));
}

/** Groups without a name come last. */
function compareNames(one: readonly (string | null)[], other: readonly (string | null)[]): number {
  for (const [at, left] of one.entries()) {
    const right = other[at] ?? null;
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -1 : 1;
  }
  return 0;
}

/** The sum of groups. */
export function totalOf(groups: Iterable<SpendGroup>): SpendSums {
  let total = NO_SPEND;
  for (const { sums } of groups) total = addSums(total, sums);
  return total;
}

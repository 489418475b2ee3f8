import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';
import { type PeriodUnit, QUARTER_MS, type Span, periodsOf } from './report-period.ts';
import { type Labelled, readParts, type SpendRow } from './spend-parts.ts';
import { type NameDimension, type SpendFilter, type SpendTable, tableFor } from './spend-statement.ts';
import { addSums, NO_SPEND, type SpendSums, sumsOf } from './spend-sums.ts';

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

/**
 * Sums the spending of a span by period and names, and passes the groups on, one period after the other and sorted by
 * name. Throws `StoreUnavailable` or `TooManyGroups`. Each period is read on its own, so that the parts of an answer
 * add up to its total even if requests end meanwhile.
 */
export async function* spendGroups(database: Database, query: SpendQuery): AsyncGenerator<SpendGroup[]> {
  let count = 0;
  const { names, filter } = query;
  const table = tableFor(names, filter);
  const periods = periodsIn(query, await known(database, query, table));
  let groups = new Map<string, SpendGroup>();
  let current: string | undefined;
  for await (const { label, rows } of readParts(database, { periods, table, names, filter })) {
    if (label !== current) {
      yield* nonEmpty(sorted(groups));
      groups = new Map();
      current = label;
    }
    const before = groups.size;
    for (const row of rows) note(groups, row, { label, names });
    count += groups.size - before;
    if (count > MOST_GROUPS) throw new TooManyGroups();
  }
  yield* nonEmpty(sorted(groups));
}

function* nonEmpty(groups: SpendGroup[]): Generator<SpendGroup[]> {
  if (groups.length > 0) yield groups;
}

/**
 * The part of the span that has data, so that a report on all time does not query empty days. In the ledger, whole quarters
 * that begin within the span.
 */
async function known(database: Database, { sinceMs, untilMs }: Span, table: SpendTable): Promise<Span> {
  const rows: { first: number | string | null; last: number | string | null }[] = await database.read((sql) =>
    edges(sql, table, { sinceMs, untilMs }),
  );
  const { first, last } = rows[0] ?? { first: null, last: null };
  if (first === null || last === null) return { sinceMs, untilMs: sinceMs };
  const unitMs = table.name === 'request_records' ? 1 : QUARTER_MS;
  return { sinceMs: Number(first), untilMs: Number(last) + unitMs };
}

/** Two queries: SQLite finds one edge in the index, and reads all rows for both. */
function edges(sql: SQL, { name, time }: SpendTable, { sinceMs, untilMs }: Span) {
  const rows = `from ${name} where ${time} >= ${sinceMs} and ${time} < ${untilMs}`;
  return sql.unsafe(`select (select min(${time}) ${rows}) as first, (select max(${time}) ${rows}) as last`);
}

function periodsIn({ period, timezone }: SpendQuery, span: Span): Labelled[] {
  return period === undefined ? [span] : [...periodsOf(period, timezone, span)];
}

function note(
  groups: Map<string, SpendGroup>,
  row: SpendRow,
  { label, names }: { label: string | undefined; names: readonly NameDimension[] },
): void {
  const values = names.map((_, at) => nameIn(row[`n${at}`]));
  const sums = sumsOf(row);
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

/** The groups of a period. Without names, a statement has one row, which is empty where there was no request. */
function sorted(groups: ReadonlyMap<string, SpendGroup>): SpendGroup[] {
  const used = [...groups.values()].filter(
    ({ sums }) => sums.requests !== 0 || sums.cost !== 0n || !isEmpty(sums),
  );
  return used.toSorted((one, other) => compareNames(one.names, other.names));
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

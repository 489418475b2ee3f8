/** A row of `GET /admin/v1/spend`: its names, its period, its sums. */
export interface SpendRow {
  readonly period?: string;
  readonly requests: number;
  readonly failures: number;
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost: string;
  readonly unpriced_requests: number;
  readonly estimated_cost: string;
  /** The cost that the response cache saved. */
  readonly saved?: string;
  readonly [name: string]: unknown;
}

export interface SpendReport {
  readonly since: string;
  readonly until: string;
  readonly timezone: string;
  readonly spend: readonly SpendRow[];
  readonly total: SpendRow;
}

export interface Forecast {
  readonly spent: string;
  readonly daily_average: string;
  readonly days: number;
  readonly forecast: string | null;
  readonly month: { readonly start: string; readonly end: string };
}

export const MEASURES = ['cost', 'tokens', 'requests'] as const;
export type Measure = (typeof MEASURES)[number];

export function valueOf(row: SpendRow, measure: Measure): number {
  if (measure === 'cost') return Number(row.cost);
  return measure === 'tokens' ? row.input_tokens + row.output_tokens : row.requests;
}

/** The name of a row's group. Requests without one are a group, too: `–`. */
export function groupOf(row: SpendRow, by: string): string {
  const name = row[by];
  return typeof name === 'string' ? name : '–';
}

export interface Stack {
  readonly group: string;
  readonly isOther: boolean;
  readonly values: readonly number[];
}

const SHOWN = 7;

/** One stack for each of the largest groups, and one for all others, over the periods. */
interface StackOptions {
  readonly by: string;
  readonly measure: Measure;
  /** The name of what is left. */
  readonly other: string;
  /** Every period that is to be there, also without a row. */
  readonly periods?: readonly string[];
}

/** One stack for each of the largest groups, and one for all others, over the periods. */
export function stacksOf(
  rows: readonly SpendRow[],
  { by, measure, other, periods: wanted = [] }: StackOptions,
): { readonly periods: readonly string[]; readonly stacks: readonly Stack[] } {
  const periods = [...new Set([...wanted, ...rows.map(({ period }) => period ?? '')])].toSorted();
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const values = groups.get(groupOf(row, by)) ?? periods.map(() => 0);
    const at = periods.indexOf(row.period ?? '');
    values[at] = (values[at] ?? 0) + valueOf(row, measure);
    groups.set(groupOf(row, by), values);
  }
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const sorted = [...groups].toSorted(([, one], [, another]) => sum(another) - sum(one));
  const largest = sorted.slice(0, SHOWN).map(([group, values]) => ({ group, isOther: false, values }));
  const rest = sorted.slice(SHOWN).map(([, values]) => values);
  if (rest.length === 0) return { periods, stacks: largest };
  const values = periods.map((_, at) => sum(rest.map((one) => one[at] ?? 0)));
  return { periods, stacks: [...largest, { group: other, isOther: true, values }] };
}

/** Every day between two moments in the zone of the viewer, as reports name them: `2026-11-29`. */
export function daysBetween(since: string, until: string): readonly string[] {
  const first = noonOf(new Date(since));
  // A day of 23 or 25 hours moves the noon by one.
  const count = Math.round((noonOf(new Date(until)).getTime() - first.getTime()) / 86_400_000) + 1;
  const two = (value: number): string => String(value).padStart(2, '0');
  return Array.from({ length: Math.min(Math.max(count, 0), 400) }, (_, at) => {
    const day = new Date(first.getFullYear(), first.getMonth(), first.getDate() + at, 12);
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  });
}

function noonOf(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate(), 12);
}

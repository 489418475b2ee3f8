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

/** The name of a row's group. Requests without one are a group, too. */
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
export function stacksOf(
  rows: readonly SpendRow[],
  { by, measure, other }: { by: string; measure: Measure; other: string },
): { readonly periods: readonly string[]; readonly stacks: readonly Stack[] } {
  const periods = [...new Set(rows.map(({ period }) => period ?? ''))].toSorted();
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const values = groups.get(groupOf(row, by)) ?? periods.map(() => 0);
    const at = periods.indexOf(row.period ?? '');
    values[at] = (values[at] ?? 0) + valueOf(row, measure);
    groups.set(groupOf(row, by), values);
  }
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const sorted = [...groups].toSorted(([, one], [, another]) => sum(another) - sum(one));
  const rest = sorted.slice(SHOWN).map(([, values]) => values);
  return {
    periods,
    stacks: [
      ...sorted.slice(0, SHOWN).map(([group, values]) => ({ group, isOther: false, values })),
      ...(rest.length === 0
        ? []
        : [
            {
              group: other,
              isOther: true,
              values: periods.map((_, at) => sum(rest.map((values) => values[at] ?? 0))),
            },
          ]),
    ],
  };
}

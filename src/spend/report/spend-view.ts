import { dollarsOf } from '../../prices/cost.ts';
import { type CsvField, csvLine } from './csv.ts';
import type { SpendGroup, SpendQuery } from './spend-report.ts';
import { addSums, NO_SPEND, type SpendSums } from './spend-sums.ts';

/** The sums in answers: tokens as numbers, costs in US dollars as text with nine decimals. */
export type SumsView = {
  readonly requests: number;
  readonly refused: number;
  readonly failures: number;
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost: string;
  readonly unpriced_requests: number;
  readonly estimated_cost: string;
  readonly lost_cost: string;
  readonly saved: string;
};

export function sumsView(sums: SpendSums): SumsView {
  return {
    requests: sums.requests,
    refused: sums.refused,
    failures: sums.failures,
    input_tokens: sums.inputTokens,
    cached_tokens: sums.cachedTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    output_tokens: sums.outputTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost: dollarsOf(sums.cost),
    unpriced_requests: sums.unpriced,
    estimated_cost: dollarsOf(sums.estimatedCost),
    lost_cost: dollarsOf(sums.lostCost),
    saved: dollarsOf(sums.saved),
  };
}

/** The group's row: `period` if the query has one, the names by dimension, and the sums. */
export function rowView(
  { period, names, sums }: SpendGroup,
  query: Pick<SpendQuery, 'names'>,
): Readonly<Record<string, string | number | null>> {
  return {
    ...(period !== undefined && { period }),
    ...Object.fromEntries(query.names.map((name, at) => [name, names[at] ?? null])),
    ...sumsView(sums),
  };
}

const SUM_NAMES = Object.keys(sumsView(NO_SPEND));

/** The lines of a CSV file: a header, a line for each group, and one that begins with `Total`. */
export async function* csvLines(
  groups: AsyncIterable<readonly SpendGroup[]>,
  query: Pick<SpendQuery, 'names' | 'period'>,
): AsyncGenerator<string> {
  const columns = [...(query.period === undefined ? [] : [query.period]), ...query.names];
  yield csvLine([...(columns.length === 0 ? [''] : columns), ...SUM_NAMES]);
  let total = NO_SPEND;
  for await (const some of groups) {
    const lines: string[] = [];
    for (const { period, names, sums } of some) {
      total = addSums(total, sums);
      // Without a column for a group, the only line is the total.
      if (columns.length > 0)
        lines.push(csvLine([...(period === undefined ? [] : [period]), ...names, ...numbersOf(sums)]));
    }
    if (lines.length > 0) yield lines.join('');
  }
  const empty = columns.slice(1).map(() => null);
  yield csvLine(['Total', ...empty, ...numbersOf(total)]);
}

function numbersOf(sums: SpendSums): CsvField[] {
  return Object.values(sumsView(sums)).map((value) => ({ number: String(value) }));
}

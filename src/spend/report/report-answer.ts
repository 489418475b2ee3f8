import type { Database } from '../../store/database.ts';
import { zonedText } from './report-period.ts';
import { spendGroups, type SpendQuery } from './spend-report.ts';
import { csvLines, rowView, sumsView } from './spend-view.ts';
import { addSums, NO_SPEND } from './spend-sums.ts';

/** A report as JSON. Throws `StoreUnavailable` or `TooManyGroups`. */
export async function reportAsJson(database: Database, query: SpendQuery) {
  const { timezone, sinceMs, untilMs, period, names } = query;
  let total = NO_SPEND;
  const spend: ReturnType<typeof rowView>[] = [];
  for await (const groups of spendGroups(database, query)) {
    for (const group of groups) {
      total = addSums(total, group.sums);
      spend.push(rowView(group, query));
    }
  }
  return {
    since: zonedText(timezone, sinceMs),
    until: zonedText(timezone, untilMs),
    timezone,
    group_by: [...(period === undefined ? [] : [period]), ...names],
    spend,
    total: sumsView(total),
  };
}

export const CSV_TYPE = 'text/csv; charset=utf-8';

/**
 * A report as CSV. It is complete before the first byte is sent, so that a failed report never looks like a whole file.
 * Throws `StoreUnavailable` or `TooManyGroups`.
 */
export async function reportAsCsv(
  database: Database,
  query: SpendQuery,
): Promise<ReadableStream<Uint8Array>> {
  const pieces: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for await (const lines of csvLines(spendGroups(database, query), query)) pieces.push(encoder.encode(lines));
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

import { z } from 'zod';
import { parseQuery } from './request-query.ts';
import { AdminProblem } from './problem.ts';

/** The parameters of a list whose entries have an id and no other order than that of the list. */
export const pageQuery = z.strictObject({
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only entries that contain this text, in any case.' }),
  cursor: z.string().optional().meta({ description: 'The next_cursor of the previous page.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'Maximum entries per page. Default: all.' }),
});

export interface ListPage<T> {
  readonly entries: readonly T[];
  /** The number of entries on all pages. */
  readonly total: number;
  readonly nextCursor: string | null;
}

/**
 * One page of a list that is in memory. The cursor names the last entry. If that entry was deleted, the page is empty.
 */
export function pageOfList<T extends { readonly id: string }>(
  all: readonly T[],
  query: Readonly<Record<string, string>>,
  textsOf: (entry: T) => readonly string[],
): ListPage<T> {
  const { search, cursor, limit } = parseQuery(pageQuery, query);
  const wanted = search?.toLowerCase() ?? '';
  const found = all.filter((entry) => textsOf(entry).some((text) => text.toLowerCase().includes(wanted)));
  const from = cursor === undefined ? 0 : placeBehind(found, cursor);
  const entries = found.slice(from, limit === undefined ? undefined : from + limit);
  const last = entries.at(-1);
  const hasMore = last !== undefined && from + entries.length < found.length;
  return {
    entries,
    total: found.length,
    nextCursor: hasMore ? Buffer.from(`id/${last.id}`).toString('base64url') : null,
  };
}

function placeBehind(entries: readonly { readonly id: string }[], cursor: string): number {
  const [, id] = /^id\/([^]+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (id === undefined) {
    const details = [{ path: 'cursor', message: 'is not one that this API returned' }];
    throw new AdminProblem('invalid_parameter', 'The cursor is not from a previous page.', { details });
  }
  const place = entries.findIndex((entry) => entry.id === id);
  return place === -1 ? entries.length : place + 1;
}

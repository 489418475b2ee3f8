import { z } from 'zod';
import { parseQuery } from './request-query.ts';
import { PAGE, readCursor, writeCursor } from './page-cursor.ts';

/** The parameters of a list whose entries have an id and no other order than that of the list. */
export const pageQuery = z.strictObject({
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only entries that contain this text, in any case.' }),
  ...PAGE,
});

export interface ListPage<T> {
  readonly entries: readonly T[];
  /** The number of entries on all pages. */
  readonly total: number;
  readonly nextCursor: string | null;
}

/** One page of a list that is in memory, of the entries whose texts contain the search. */
export function pageOfList<T extends { readonly id: string }>(
  all: readonly T[],
  query: Readonly<Record<string, string>>,
  textsOf: (entry: T) => readonly string[],
): ListPage<T> {
  const { search, ...place } = parseQuery(pageQuery, query);
  const wanted = search?.toLowerCase() ?? '';
  return pageOf(all, place, (entry) => textsOf(entry).some((text) => text.toLowerCase().includes(wanted)));
}

/**
 * One page of the wanted entries. The cursor names the last entry of the previous page, which need not be a wanted one
 * any more. If it was deleted, the page is empty.
 */
export function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit?: number | undefined },
  isWanted: (entry: T) => boolean,
): ListPage<T> {
  const found = all.filter(isWanted);
  const behind = cursor === undefined ? found : all.slice(placeBehind(all, cursor)).filter(isWanted);
  const entries = behind.slice(0, limit);
  const last = entries.at(-1);
  const hasMore = last !== undefined && entries.length < behind.length;
  return { entries, total: found.length, nextCursor: hasMore ? writeCursor('id', last.id) : null };
}

function placeBehind(entries: readonly { readonly id: string }[], cursor: string): number {
  const [id] = readCursor(cursor, /^id\/([^]+)$/);
  const place = entries.findIndex((entry) => entry.id === id);
  return place === -1 ? entries.length : place + 1;
}

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { admin } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import type { RequestPage, RequestRow } from '../../api/types.ts';
import { whileAway } from '../../api/while-away.ts';
import type { Params } from '../../lib/params.ts';
import { FILTERS, passes, queryOf } from './filters.ts';
import { withLive } from './with-live.ts';

const PAGE = 100;
/** The list is read once more after this time, since a request that ended just before is neither in the live stream nor stored yet. */
const STORED_AFTER_MS = 3000;

/** The requests that pass the filters, page by page, and before them those that end meanwhile. */
export function useRequests(params: Params, isTail: boolean) {
  const filter = Object.fromEntries([...FILTERS, 'range'].map((name) => [name, params[name]]));
  const pages = useInfiniteQuery({
    queryKey: ['requests', filter],
    queryFn: ({ pageParam, signal }) =>
      admin<RequestPage>('/requests', {
        query: { ...queryOf(params, Date.now()), limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: RequestPage) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    // Older pages do not change, and newer requests come from the live stream.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchInterval: (query) => {
      const { data, dataUpdateCount } = query.state;
      if (data === undefined) return whileAway(query);
      return isTail && dataUpdateCount === 1 && data.pages.length === 1 ? STORED_AFTER_MS : false;
    },
    gcTime: 0,
  });
  const ended = useLive((live) => live.ended);
  // While the tail is off, the table holds still.
  const shown = useRef(ended);
  if (isTail) shown.current = ended;
  // The live stream draws the table four times a second, and there may be a hundred thousand stored rows.
  const { stored, known } = useMemo(() => {
    const rows = pages.data?.pages.flatMap(({ requests }) => requests) ?? [];
    return { stored: rows, known: new Set(rows.map(({ request_id: id }) => id)) };
  }, [pages.data]);
  const rows = useMemo(() => {
    const isNew = (row: RequestRow): boolean => !known.has(row.request_id) && passes(row, params);
    return withLive(stored, shown.current.filter(isNew));
    // oxlint-disable-next-line react/exhaustive-deps -- `shown` follows `ended`
  }, [stored, known, params, ended, isTail]);
  return { rows, pages };
}

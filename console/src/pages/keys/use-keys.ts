import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { admin } from '../../api/client.ts';
import type { MasterKey } from '../../api/resources.ts';

const PAGE = 1000;

interface KeyPage {
  readonly version: number;
  readonly total: number;
  readonly next_cursor: string | null;
  readonly master_keys: readonly MasterKey[];
}

/** Every key, loaded in pages one after the other, so that the first thousand are there at once. */
export function useKeys() {
  const pages = useInfiniteQuery({
    queryKey: ['keys', 'all'],
    queryFn: ({ pageParam, signal }) =>
      admin<KeyPage>('/master-keys', { query: { limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: KeyPage) => last.next_cursor ?? undefined,
    staleTime: 30_000,
  });
  const { hasNextPage, isFetching, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const keys = useMemo(() => pages.data?.pages.flatMap((page) => page.master_keys), [pages.data]);
  const last = pages.data?.pages.at(-1);
  return {
    keys,
    isComplete: !hasNextPage,
    total: last?.total,
    version: last?.version,
    error: pages.error,
    refetch: pages.refetch,
  };
}

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { useLive } from '../../api/live.ts';
import { listRoutes } from '../../api/queries.ts';
import type { Route } from '../../api/types.ts';

/** Every route, with the state that the live stream told last. */
export function useRoutes(): { routes: readonly Route[] | undefined; error: Error | null } {
  const { data, error, isFetching, refetch } = useQuery(listRoutes());
  const live = useLive((all) => all.routes);
  const asked = useRef<typeof live>(undefined);
  // The shares of a model's routes change with their states, and the stream does not tell them. It often tells more while they
  // load. If each time began anew, they would never arrive.
  useEffect(() => {
    const isOther = data?.routes.some(({ id, state }) => (live.get(id)?.state ?? state) !== state);
    if (isFetching || isOther !== true || asked.current === live) return;
    asked.current = live;
    void refetch();
  }, [live, data, isFetching, refetch]);
  const routes = useMemo(
    () => data?.routes.map((route) => ({ ...route, ...live.get(route.id) })),
    [data, live],
  );
  return { routes, error };
}

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useLive } from '../../api/live.ts';
import { listRoutes } from '../../api/queries.ts';
import type { Route } from '../../api/types.ts';

/** Every route, with the state that the live stream told last. */
export function useRoutes(): { routes: readonly Route[] | undefined; error: Error | null } {
  const { data, error } = useQuery(listRoutes());
  const live = useLive((all) => all.routes);
  const routes = useMemo(
    () => data?.routes.map((route) => ({ ...route, ...live.get(route.id) })),
    [data, live],
  );
  return { routes, error };
}

import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useLive } from '../../api/live.ts';
import { listProviderStates } from '../../api/queries.ts';
import type { ProviderStatus } from '../../api/types.ts';

/** The states of all providers: those of the live stream, which are newer than the answer. */
export function useProviderStates(): {
  readonly states: readonly ProviderStatus[] | undefined;
  readonly error: Error | null;
} {
  const { data, error, refetch } = useQuery(listProviderStates());
  const live = useLive(({ providers }) => providers);
  // The stream tells that a provider fails, the answer also tells why.
  const summary = [...live.values()].map(({ name, state }) => `${name} ${state}`).join();
  useEffect(() => {
    if (summary !== '') void refetch();
  }, [summary, refetch]);
  const states = useMemo(
    () => data?.providers.map((one) => ({ ...one, ...live.get(one.name) })),
    [data, live],
  );
  return { states, error };
}

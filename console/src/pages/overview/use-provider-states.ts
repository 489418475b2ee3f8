import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useLive } from '../../api/live.ts';
import { listProviderStates } from '../../api/queries.ts';
import type { ProviderStatus } from '../../api/types.ts';

/** The states of all providers: those of the live stream, which are newer than the answer. */
export function useProviderStates(): {
  readonly states: readonly ProviderStatus[] | undefined;
  readonly error: Error | null;
} {
  const { data, error } = useQuery(listProviderStates());
  const live = useLive(({ providers }) => providers);
  const states = useMemo(() => data?.providers.map((one) => live.get(one.name) ?? one), [data, live]);
  return { states, error };
}

import { useQuery } from '@tanstack/react-query';
import { admin } from '../../api/client.ts';
import type { LimitUse, Team } from '../../api/resources.ts';

export interface User {
  readonly id: string;
  readonly email?: string | null;
  readonly created_at?: string;
  readonly limits?: readonly Readonly<Record<string, unknown>>[];
  readonly usage?: readonly LimitUse[];
}

/** Teams with their limits. */
export function useTeams(enabled = true) {
  return useQuery({
    enabled,
    queryKey: ['teams'],
    queryFn: ({ signal }) => admin<{ version: number; teams: readonly Team[] }>('/teams', { signal }),
    retry: false,
  });
}

/** Users with their limits. */
export function useUsers(enabled = true) {
  return useQuery({
    enabled,
    queryKey: ['users'],
    queryFn: ({ signal }) => admin<{ version: number; users: readonly User[] }>('/users', { signal }),
    retry: false,
  });
}

/** Undefined: this gateway has no teams. */
export function useTeamNames(enabled = true): readonly string[] | undefined {
  return useTeams(enabled).data?.teams.map(({ id }) => id);
}

export function useUserNames(enabled = true): readonly string[] | undefined {
  return useUsers(enabled).data?.users.map(({ id }) => id);
}

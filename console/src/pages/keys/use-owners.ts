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
export function useTeams() {
  return useQuery({
    queryKey: ['teams'],
    queryFn: ({ signal }) => admin<{ version: number; teams: readonly Team[] }>('/teams', { signal }),
    retry: false,
  });
}

/** Users with their limits. */
export function useUsers() {
  return useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => admin<{ version: number; users: readonly User[] }>('/users', { signal }),
    retry: false,
  });
}

/** Undefined: this gateway has no teams. */
export function useTeamNames(): readonly string[] | undefined {
  return useTeams().data?.teams.map(({ id }) => id);
}

export function useUserNames(): readonly string[] | undefined {
  return useUsers().data?.users.map(({ id }) => id);
}

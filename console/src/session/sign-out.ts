import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { admin } from '../api/client.ts';

/** The key of the session in the cache of answers. */
export const SESSION = ['session'] as const;

/** Ends the session in all tabs. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await admin('/session', { method: 'DELETE' });
    forget(queries);
  };
}

/** Nothing that the one who left has seen stays in the cache. */
export function forget(queries: QueryClient): void {
  queries.setQueryData(SESSION, null);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
}

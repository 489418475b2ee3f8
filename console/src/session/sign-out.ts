import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { admin } from '../api/client.ts';
import { tellOtherTabs } from '../api/other-tabs.ts';
import type { SignedIn } from '../api/resources.ts';

/** The key of the session in the cache of answers. */
export const SESSION = ['session'] as const;

let last: SignedIn | undefined;

/** The session that the page was drawn for, unless somebody has signed out since. */
export function lastSession(): SignedIn | undefined {
  return last;
}

/** Notes whose session it is. Another person sees nothing of the one before. */
export function noteSession(queries: QueryClient, signedIn: SignedIn): void {
  if (last !== undefined && personOf(signedIn) !== personOf(last)) forgetAnswers(queries);
  last = signedIn;
}

/** Differs for each person. It stays the same when the role of one changes. */
export function personOf({ session }: SignedIn): string {
  return JSON.stringify([session.kind, session.name]);
}

/** Reads what is shown again for another role of the same person, and removes the other answers. */
export function useRoleChange(signedIn: SignedIn | undefined): void {
  const queries = useQueryClient();
  const before = useRef(signedIn);
  useEffect(() => {
    const { current } = before;
    before.current = signedIn;
    if (current === undefined || signedIn === undefined || personOf(current) !== personOf(signedIn)) return;
    if (current.session.role === signedIn.session.role) return;
    queries.removeQueries({ type: 'inactive', predicate: isAnswer });
    void queries.invalidateQueries({ predicate: isAnswer });
  }, [queries, signedIn]);
}

/** Ends the session in all tabs. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await admin('/session', { method: 'DELETE' });
    tellOtherTabs('signed-out');
    forget(queries);
  };
}

/** Removes everything that the last person has seen or typed. */
export function forget(queries: QueryClient): void {
  last = undefined;
  queries.setQueryData(SESSION, null);
  forgetAnswers(queries);
}

function forgetAnswers(queries: QueryClient): void {
  queries.removeQueries({ predicate: isAnswer });
}

function isAnswer({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean {
  return queryKey[0] !== SESSION[0];
}

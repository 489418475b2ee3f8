import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { admin, onSignedOut, signWrites } from '../api/client.ts';
import { Problem } from '../api/problem.ts';
import { startLive } from '../api/live.ts';
import type { SignedIn } from '../api/resources.ts';
import { SessionContext } from '../session/session.ts';
import { forget, SESSION } from '../session/sign-out.ts';
import { Failed } from '../ui/states.tsx';
import { BASE } from './base.ts';
import { LoginPage } from './login-page.tsx';
import { askAhead } from './pages.ts';

/** Asked while other scripts are still being read, so that its answer is there when the page is drawn. */
let first: Promise<SignedIn | null> | undefined = readSession();
first.catch(() => undefined);

/** Shows its children to somebody who is signed in, and to everybody else the login. */
export function WithSession({ children }: { children: ReactNode }): ReactNode {
  const queries = useQueryClient();
  const isFirst = useRef(true);
  const { data, error, refetch } = useQuery({
    queryKey: SESSION,
    queryFn: async () => {
      const asked = first ?? readSession();
      first = undefined;
      const signedIn = await asked;
      if (signedIn && isFirst.current) askAhead(location.pathname.slice(BASE.length), signedIn, queries);
      isFirst.current = false;
      return signedIn;
    },
    retry: false,
    staleTime: 60_000,
  });
  useEffect(() => onSignedOut(() => forget(queries)), [queries]);
  const hears = data && data.session.role !== 'key';
  useEffect(() => {
    if (!hears) return undefined;
    return startLive(() => void queries.invalidateQueries({ queryKey: SESSION }));
  }, [hears, queries]);
  // A gateway that restarts must not take the page away, with what was typed into it.
  if (error && data === undefined) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return null;
  if (data === null) return <LoginPage />;
  return <SessionContext value={data}>{children}</SessionContext>;
}

async function readSession(): Promise<SignedIn | null> {
  try {
    const signedIn = await admin<SignedIn>('/session');
    signWrites(signedIn.csrf_token);
    const { gateway } = signedIn;
    return { ...signedIn, gateway: { ...gateway, address: gateway.address || `${location.origin}/v1` } };
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { Activity, createContext, type ReactNode, useContext, useEffect, useRef } from 'react';
import { admin, onOldToken, onSignedOut, signWrites } from '../api/client.ts';
import { onOtherTabs, tellOtherTabs } from '../api/other-tabs.ts';
import { Problem } from '../api/problem.ts';
import { startLive } from '../api/live.ts';
import type { SignedIn } from '../api/resources.ts';
import { Failed } from '../ui/states.tsx';
import { BASE } from './base.ts';
import { LoginPage } from './login-page.tsx';
import { askAhead } from './pages.ts';
import { SESSION } from './session-key.ts';

/** Asked while other scripts are still being read, so that its answer is there when the page is drawn. */
let first: Promise<SignedIn | null> | undefined = readSession();
first.catch(() => undefined);

const Context = createContext<SignedIn | undefined>(undefined);

/** The session of the signed-in user, and its gateway. */
export function useSession(): SignedIn {
  const signedIn = useContext(Context);
  if (signedIn === undefined) throw new Error('nobody is signed in here');
  return signedIn;
}

/** The permissions of the signed-in user. */
export function useMay(): { readonly act: boolean; readonly edit: boolean; readonly administer: boolean } {
  const { session, gateway } = useSession();
  const act = session.role === 'admin' || session.role === 'operator';
  return { act, edit: act && gateway.mode !== 'file', administer: session.role === 'admin' };
}

/**
 * Shows its children to somebody who is signed in, and to everybody else the login. If a session ends while the page is open, the login
 * covers the page, and the same person finds it as it was, with what was typed into it.
 */
export function WithSession({ children }: { children: ReactNode }): ReactNode {
  const { data, error, refetch } = useSignedIn();
  // A gateway that restarts must not take the page away, with what was typed into it.
  if (error && data === undefined) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return null;
  const shown = data ?? last;
  return (
    <>
      {data === null && <LoginPage ended={last?.session.name} />}
      {shown && (
        <Activity key={ownerOf(shown)} mode={data === null ? 'hidden' : 'visible'}>
          <Context value={shown}>{children}</Context>
        </Activity>
      )}
    </>
  );
}

/** The session that the page was drawn for, unless somebody has signed out since. */
let last: SignedIn | undefined;

/** The answer to whose session this is; null: nobody's. */
function useSignedIn() {
  const queries = useQueryClient();
  const isFirst = useRef(true);
  const answer = useQuery({
    queryKey: SESSION,
    queryFn: async () => {
      const asked = first ?? readSession();
      first = undefined;
      const signedIn = await asked;
      if (signedIn && isFirst.current) askAhead(location.pathname.slice(BASE.length), signedIn, queries);
      isFirst.current = false;
      if (signedIn && last && ownerOf(signedIn) !== ownerOf(last)) forgetAnswers(queries);
      last = signedIn ?? last;
      return signedIn;
    },
    retry: false,
    staleTime: 60_000,
  });
  useEffect(() => {
    const ask = (): void => void queries.invalidateQueries({ queryKey: SESSION });
    onOldToken(async () => {
      const before = last;
      await queries.invalidateQueries({ queryKey: SESSION });
      return before !== undefined && last !== undefined && ownerOf(before) === ownerOf(last);
    });
    const stops = [
      onSignedOut(() => queries.setQueryData(SESSION, null)),
      onOtherTabs((news) => (news === 'signed-out' ? forget(queries) : ask())),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [queries]);
  const hears = answer.data && answer.data.session.role !== 'key';
  useEffect(() => {
    if (!hears) return undefined;
    return startLive(() => void queries.invalidateQueries({ queryKey: SESSION }));
  }, [hears, queries]);
  return answer;
}

/** Differs for each person, and for each role of one. */
function ownerOf({ session }: SignedIn): string {
  return JSON.stringify([session.kind, session.name, session.role]);
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

/** Ends the session in all tabs. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await admin('/session', { method: 'DELETE' });
    tellOtherTabs('signed-out');
    forget(queries);
  };
}

/** Nothing that the one who left has seen or typed stays. */
function forget(queries: QueryClient): void {
  last = undefined;
  queries.setQueryData(SESSION, null);
  forgetAnswers(queries);
}

function forgetAnswers(queries: QueryClient): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION[0] });
}

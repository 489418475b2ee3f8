import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Activity, type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { admin, onOldToken, onSignedOut, signWrites } from '../api/client.ts';
import { onOtherTabs } from '../api/other-tabs.ts';
import { Problem } from '../api/problem.ts';
import { startLive } from '../api/live.ts';
import type { SignedIn } from '../api/resources.ts';
import { SessionContext } from '../session/session.ts';
import { forget, lastSession, noteSession, personOf, SESSION, useRoleChange } from '../session/sign-out.ts';
import { Failed } from '../ui/states.tsx';
import { BASE } from './base.ts';
import { LoginPage } from './login-page.tsx';
import { Logo } from './logo.tsx';
import { askAhead } from './pages.ts';

/** Asked while other scripts are still being read, so that its answer is there when the page is drawn. */
let first: Promise<SignedIn | null> | undefined = readSession();
first.catch(() => undefined);

/**
 * Shows its children to somebody who is signed in, and to everybody else the login. If a session ends while the page is open, the login
 * covers the page, and the same person finds it as it was, with what was typed into it.
 */
export function WithSession({ children }: { children: ReactNode }): ReactNode {
  const { data, error, refetch } = useSignedIn();
  const last = lastSession();
  const shown = data ?? last;
  useRoleChange(shown);
  // A gateway that restarts must not take the page away, with what was typed into it.
  if (error && data === undefined) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Waiting />;
  return (
    <>
      {data === null && <LoginPage ended={last?.session.name} />}
      {shown && (
        <Activity key={personOf(shown)} mode={data === null ? 'hidden' : 'visible'}>
          <SessionContext value={shown}>{children}</SessionContext>
        </Activity>
      )}
    </>
  );
}

/** Appears only if the gateway takes its time. */
function Waiting(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="connecting" role="status">
      <Logo />
      {t('Connecting …')}
    </div>
  );
}

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
      if (signedIn !== null) noteSession(queries, signedIn);
      return signedIn;
    },
    retry: false,
    staleTime: 60_000,
  });
  useEffect(() => {
    const ask = (): void => void queries.invalidateQueries({ queryKey: SESSION });
    onOldToken(() => queries.invalidateQueries({ queryKey: SESSION }));
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
    return startLive({
      role: () => lastSession()?.session.role,
      onOther: () => void queries.invalidateQueries({ queryKey: SESSION }),
    });
  }, [hears, queries]);
  return answer;
}

async function readSession(): Promise<SignedIn | null> {
  try {
    const signedIn = await admin<SignedIn>('/session');
    signWrites(signedIn.csrf_token, personOf(signedIn));
    const { gateway } = signedIn;
    return { ...signedIn, gateway: { ...gateway, address: gateway.address || `${location.origin}/v1` } };
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

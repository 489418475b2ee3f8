import { createContext, useContext } from 'react';
import type { SignedIn } from '../api/resources.ts';

/** The session of the signed-in user. `WithSession` provides it. */
export const SessionContext = createContext<SignedIn | undefined>(undefined);

/** The session of the signed-in user, and its gateway. */
export function useSession(): SignedIn {
  const signedIn = useContext(SessionContext);
  if (signedIn === undefined) throw new Error('nobody is signed in here');
  return signedIn;
}

/** The permissions of the signed-in user. */
export function useMay(): { readonly act: boolean; readonly edit: boolean; readonly administer: boolean } {
  const { session, gateway } = useSession();
  const act = session.role === 'admin' || session.role === 'operator';
  return { act, edit: act && gateway.mode !== 'file', administer: session.role === 'admin' };
}

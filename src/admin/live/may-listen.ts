import type { SignIn } from '../access/sign-in.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * Finds the subscribers that are still authorised as they were. A session may have ended, a credential may have been revoked, and
 * a role may have changed, of which the page then learns by asking for its session again.
 */
export async function mayListen(
  subscribers: readonly Subscriber[],
  signIn: SignIn,
): Promise<ReadonlySet<Subscriber>> {
  const hashes = subscribers.flatMap(({ caller }) => caller.session?.hash ?? []);
  const open = await signIn.stillOpen([...new Set(hashes)]);
  const keys = new Set(subscribers.flatMap(({ key }) => key ?? []));
  const valid = new Map<string, string | undefined>();
  for (const key of keys) valid.set(key, (await signIn.bearer(key))?.role);
  return new Set(
    subscribers.filter(({ caller: { session, role }, key }) => {
      if (session !== undefined) return open.get(session.hash) === role;
      return key === undefined || valid.get(key) === role;
    }),
  );
}

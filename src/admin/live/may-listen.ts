import type { SignIn } from '../access/sign-in.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * Finds the subscribers that are still authorised. A session may have ended, and a credential may have been revoked.
 */
export async function mayListen(
  subscribers: readonly Subscriber[],
  signIn: SignIn,
): Promise<ReadonlySet<Subscriber>> {
  const hashes = subscribers.flatMap(({ caller }) => caller.session?.hash ?? []);
  const open = await signIn.stillOpen([...new Set(hashes)]);
  const keys = new Set(subscribers.flatMap(({ key }) => key ?? []));
  const valid = new Set<string>();
  for (const key of keys) if ((await signIn.bearer(key)) !== undefined) valid.add(key);
  return new Set(
    subscribers.filter(({ caller: { session }, key }) => {
      if (session !== undefined) return open.has(session.hash);
      return key === undefined || valid.has(key);
    }),
  );
}

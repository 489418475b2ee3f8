import type { AuditEntry } from '../admin-options.ts';
import type { Lockout } from '../lockout.ts';
import { AdminProblem } from '../problem.ts';
import type { Caller, Client } from './caller.ts';
import { requireIntent, requireLocalHost, requireOwnPage } from './own-page.ts';
import { noSessionCookie, tokenIn } from './session-cookie.ts';
import type { SignIn } from './sign-in.ts';

export interface IdentifyOptions {
  readonly signIn: SignIn;
  readonly lockout: Lockout;
  readonly audit: (entry: AuditEntry) => void;
  /** Whether every caller is an admin, as in the demo. */
  readonly isDemo: boolean;
}

/**
 * Identifies the caller: the owner of the request's credential or session. Returns undefined if it has neither. Throws
 * `AdminProblem` for a wrong credential (after a delay if there were many), for an ended session, and for a request
 * from a page of another origin. The right credential is always admitted.
 */
export async function identify(
  request: Request,
  client: Client,
  options: IdentifyOptions,
): Promise<Caller | undefined> {
  const { headers } = request;
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    return (await options.signIn.bearer(bearerOf(headers) ?? '')) ?? refuseKey(request, client, options);
  }
  requireOwnPage(headers);
  if (options.isDemo) requireLocalHost(headers);
  const token = tokenIn(headers, client);
  const caller = token === undefined ? undefined : await options.signIn.resume(token);
  if (caller === undefined && options.isDemo) return DEMO;
  if (caller === undefined && token !== undefined && !isSigningIn(request)) throw noSession(client);
  if (caller !== undefined) requireIntent(request, caller.csrfToken);
  return caller;
}

/** The bearer token of a request; undefined: it has none. */
export function bearerOf(headers: Headers): string | undefined {
  return /^\s*bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1];
}

const DEMO: Caller = { role: 'admin', kind: 'demo', name: 'demo', session: undefined, csrfToken: undefined };

/** An ended session is no obstacle to a new one. */
function isSigningIn({ method, url }: Request): boolean {
  return method === 'POST' && /\/sessions\/?(?:\?|$)/.test(url);
}

/** There is no sign-in, or the session has ended. */
export function noSession(client: Client): AdminProblem {
  return new AdminProblem('no_session', 'There is no sign-in, or the session has ended. Sign in again.', {
    headers: { 'set-cookie': noSessionCookie(client) },
  });
}

/** Counts a wrong key, delays the answer, and throws. */
export async function refuseKey(
  { method, url }: Pick<Request, 'method' | 'url'>,
  { address }: Client,
  { lockout, audit }: Pick<IdentifyOptions, 'lockout' | 'audit'>,
): Promise<never> {
  const penalty = lockout.failed(address);
  audit({ result: 'denied', address, action: `${method} ${pathOf(url)}`, version: undefined });
  await lockout.served(penalty);
  if (penalty.isTooMany) {
    throw new AdminProblem('too_many_failures', 'The admin key is wrong, and so were too many before it.', {
      headers: { 'retry-after': String(Math.ceil(penalty.delayMs / 1000)) },
    });
  }
  throw wrongKey();
}

/** No credential was sent, or a wrong one. */
export function wrongKey(): AdminProblem {
  return new AdminProblem('invalid_admin_key', 'Send the admin key as "Authorization: Bearer <ADMIN_KEY>".', {
    headers: { 'www-authenticate': 'Bearer realm="llm-proxy admin"' },
  });
}

export function pathOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\/[^/]*/, '')
    .replace(/\?.*$/, '')
    .slice(0, 200);
}

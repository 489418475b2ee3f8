import type { Client } from './caller.ts';

/** How long a session lasts. */
export const SESSION_MS = 12 * 3_600_000;

/** With the prefix, browsers take the cookie only over TLS, and from this host alone (RFC 6265bis §4.1.3.2). */
function nameFor({ isSecure }: Client): string {
  return isSecure ? '__Host-llm_proxy_session' : 'llm_proxy_session';
}

/** The value of Set-Cookie that stores the token of a session. */
export function sessionCookie(token: string, client: Client): string {
  return cookie(token, client, SESSION_MS / 1000);
}

/** The value of Set-Cookie that deletes it. */
export function noSessionCookie(client: Client): string {
  return cookie('', client, 0);
}

function cookie(value: string, client: Client, maxAge: number): string {
  const secure = client.isSecure ? '; Secure' : '';
  return `${nameFor(client)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
}

/** The token in a request's cookies; undefined: there is none. */
export function tokenIn(headers: Headers, client: Client): string | undefined {
  const wanted = nameFor(client);
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).trim() === wanted)
      return part.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}

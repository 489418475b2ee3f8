import { hostOfOrigin, isLocalName, nameOfHost } from '../../lib/http/local-name.ts';
import { AdminProblem } from '../problem.ts';

/**
 * Refuses requests that a page of another origin makes a browser send. A page on another port of this machine counts as
 * the same site, so browsers send it the cookie; only the gateway's own pages are accepted. Other programs send none of
 * these headers.
 */
export function requireOwnPage(headers: Headers): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  // Behind a proxy, the Host may differ from the browser's, so the browser's own headers take precedence.
  const isOwn =
    site === null
      ? origin === null || hostOfOrigin(origin) === headers.get('host')
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new AdminProblem('foreign_page', 'Pages of another origin may not use the Admin API.');
}

/**
 * Refuses a Host that an attacker may have pointed at this machine (DNS rebinding), since such a page has our origin.
 */
export function requireLocalHost(headers: Headers): void {
  const host = headers.get('host');
  if (host === null || isLocalName(nameOfHost(host))) return;
  throw new AdminProblem(
    'foreign_page',
    `The demo answers under a name of this machine, not "${nameOfHost(host)}".`,
  );
}

/**
 * Refuses a write with a cookie unless the browser marks it as same-origin or it has the session's token, which only
 * our page can read from `GET /admin/v1/session`.
 */
export function requireIntent({ method, headers }: Request, csrfToken: string | undefined): void {
  if (method === 'GET' || method === 'HEAD' || csrfToken === undefined) return;
  if (headers.get('sec-fetch-site') === 'same-origin' || headers.get('x-csrf-token') === csrfToken) return;
  throw new AdminProblem(
    'csrf',
    'A write with a session needs the header X-CSRF-Token; GET /admin/v1/session says which.',
  );
}

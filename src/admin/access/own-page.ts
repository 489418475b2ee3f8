import { hostOfOrigin, isLocalName, nameOfHost } from '../../lib/http/local-name.ts';
import { AdminProblem } from '../problem.ts';

/**
 * Refuses what a stranger's page makes a browser send. A page of another port of this machine counts as the same site,
 * so browsers send it the cookie; only the gateway's own pages are let through. Other programs send none of these signs.
 */
export function requireOwnPage(headers: Headers): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  // Behind a proxy the Host may not be the one that the browser knows, so the browser's own word counts first.
  const isOwn =
    site === null
      ? origin === null || hostOfOrigin(origin) === headers.get('host')
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new AdminProblem('foreign_page', 'Pages of another origin may not use the Admin API.');
}

/** Refuses a Host that a stranger may have pointed at this machine (DNS rebinding): such a page has our origin. */
export function requireLocalHost(headers: Headers): void {
  const host = headers.get('host');
  if (host === null || isLocalName(nameOfHost(host))) return;
  throw new AdminProblem(
    'foreign_page',
    `The demo answers under a name of this machine, not "${nameOfHost(host)}".`,
  );
}

/**
 * Refuses a write with a cookie that the browser does not call ours, unless it has the session's token: the page can
 * read that from `GET /admin/v1/session`, and no other page can.
 */
export function requireIntent({ method, headers }: Request, csrfToken: string | undefined): void {
  if (method === 'GET' || method === 'HEAD' || csrfToken === undefined) return;
  if (headers.get('sec-fetch-site') === 'same-origin' || headers.get('x-csrf-token') === csrfToken) return;
  throw new AdminProblem(
    'csrf',
    'A write with a session needs the header X-CSRF-Token; GET /admin/v1/session says which.',
  );
}

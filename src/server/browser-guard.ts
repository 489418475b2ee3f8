import type { Fields } from '../lib/http/fields.ts';
import { isLoopback } from '../config/compile/address.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { Refusal } from '../gateway/refusals.ts';
import { hostOfOrigin, isLocalName, isOfThisMachine, nameOfHost } from '../lib/http/local-name.ts';

/** Load balancers request these under any name, and pages gain nothing from them. */
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['/health', '/healthz', '/readyz']);

/**
 * Without keys, refuses requests that a foreign web page makes a browser send: the browser can reach the gateway, so the page could spend money at the providers. Other programs send none of these signs.
 *
 * - A foreign `Origin`, or `Sec-Fetch-Site: cross-site`, unless `cors_origins` lists it or it is a page of this
 *   machine. Navigation is exempt: the user does it, and no page can read the result.
 * - On a loopback listener, a `Host` that this machine would not use: a page whose name resolves to 127.0.0.1 (DNS
 *   rebinding) has the same origin as the gateway.
 */
export function requireOwnBrowser(
  request: { readonly method: string; readonly headers: Fields },
  path: string,
  snapshot: Snapshot,
): void {
  const { access, server } = snapshot;
  if (access.kind !== 'open' || server.corsOrigins.includes('*') || FOR_EVERYBODY.has(path)) return;
  const { headers } = request;
  const host = headers.get('host');
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (host !== null && isLoopback(server.host) && !isLocalName(nameOfHost(host)) && !isListed(host, server))
    throw new Refusal('foreign_host', { host: nameOfHost(host) });
  if (origin === null) {
    const isNavigation = request.method === 'GET' && headers.get('sec-fetch-mode') === 'navigate';
    if (site === 'cross-site' && !isNavigation) throw new Refusal('foreign_origin', { origin: 'elsewhere' });
    return;
  }
  const isOwn =
    site === 'same-origin' || hostOfOrigin(origin) === host || isOfThisMachine(hostOfOrigin(origin));
  if (!isOwn && !server.corsOrigins.includes(origin)) throw new Refusal('foreign_origin', { origin });
}

/** The name of an allowed origin may resolve to this machine. */
function isListed(host: string, { corsOrigins }: Snapshot['server']): boolean {
  return corsOrigins.some((origin) => nameOfHost(hostOfOrigin(origin)) === nameOfHost(host));
}

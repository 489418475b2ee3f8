import { isLoopback } from '../config/compile/address.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { Refusal } from '../gateway/refusals.ts';

/** Load balancers request these under any name, and pages gain nothing from them. */
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['/health', '/healthz', '/readyz']);

/**
 * Without keys, refuses requests that a stranger's web page makes a browser send: whoever runs the browser may reach
 * the gateway, and the page would spend the providers' money through it. Other programs send none of these signs.
 *
 * - A foreign `Origin`, or `Sec-Fetch-Site: cross-site`, unless `cors_origins` lists it or it is a page of this
 *   machine. Navigation is exempt: the user does it, and no page can read the result.
 * - On a loopback listener, a `Host` that this machine would not use: a page whose name resolves to 127.0.0.1 (DNS
 *   rebinding) has the same origin as the gateway.
 */
export function requireOwnBrowser(request: Request, path: string, snapshot: Snapshot): void {
  const { access, server } = snapshot;
  if (access.kind !== 'open' || server.corsOrigins.includes('*') || FOR_EVERYBODY.has(path)) return;
  const { headers } = request;
  const host = headers.get('host');
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (host !== null && isLoopback(server.host) && !isLocalName(nameOf(host)) && !isListed(host, server))
    throw new Refusal('foreign_host', { host: nameOf(host) });
  if (origin === null) {
    const isNavigation = request.method === 'GET' && headers.get('sec-fetch-mode') === 'navigate';
    if (site === 'cross-site' && !isNavigation) throw new Refusal('foreign_origin', { origin: 'elsewhere' });
    return;
  }
  const isOwn = site === 'same-origin' || hostOf(origin) === host || isOfThisMachine(hostOf(origin));
  if (!isOwn && !server.corsOrigins.includes(origin)) throw new Refusal('foreign_origin', { origin });
}

/** `https://a.example:8443` has the host `a.example:8443`; `null`, the origin of sandboxed pages, has none. */
function hostOf(origin: string): string {
  const scheme = origin.indexOf('://');
  return scheme === -1 ? '' : origin.slice(scheme + '://'.length);
}

/** A `Host` without its port, in lower case; an IPv6 address keeps its brackets. */
function nameOf(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith('[')) return lower.slice(0, lower.indexOf(']') + 1);
  const colon = lower.indexOf(':');
  const name = colon === -1 ? lower : lower.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/**
 * Whether no stranger can make the name resolve to this machine: it is an address, a name without a dot, `*.localhost`,
 * or below `.internal`, which public DNS does not use. Containers reach the host's loopback address as
 * `host.docker.internal`.
 */
function isLocalName(name: string): boolean {
  if (!name.includes('.') || name.startsWith('[')) return true;
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) || name.endsWith('.localhost') || name.endsWith('.internal');
}

function isOfThisMachine(host: string): boolean {
  const name = nameOf(host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || isLoopbackAddress(name);
}

function isLoopbackAddress(name: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** The name of an allowed origin may resolve to this machine. */
function isListed(host: string, { corsOrigins }: Snapshot['server']): boolean {
  return corsOrigins.some((origin) => nameOf(hostOf(origin)) === nameOf(host));
}

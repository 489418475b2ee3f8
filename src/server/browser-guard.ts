import { isLoopback } from '../config/compile/address.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { Refusal } from '../gateway/refusals.ts';

/** Asked by load balancers under any name, and of no use to a page. */
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['/health', '/healthz', '/readyz']);

/**
 * Refuses, where no key is asked for, what a web page of a stranger makes a browser send: whoever runs the browser may reach
 * the gateway, and the page would spend the providers' money through it. Programs other than browsers send none of these
 * signs.
 *
 * - A foreign `Origin`, or `Sec-Fetch-Site: cross-site`, unless `cors_origins` has it, or it is a page of this machine. What
 *   the user navigates to is no page's doing, and no page can read it.
 * - On a listener of the loopback address, a `Host` by which the machine itself would not call it: a page whose name was made
 *   to lead to 127.0.0.1 (DNS rebinding) is of one origin with the gateway.
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

/** `https://a.example:8443` is at `a.example:8443`; `null`, as a page in a sandbox has it, is nowhere. */
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
 * Whether no stranger can make a name lead here: it is an address, a name without a dot, `*.localhost`, or one below
 * `.internal`, which is nobody's in the public DNS; containers reach the host's loopback address as `host.docker.internal`.
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

/** An origin that may call the gateway may have its own name lead here. */
function isListed(host: string, { corsOrigins }: Snapshot['server']): boolean {
  return corsOrigins.some((origin) => nameOf(hostOf(origin)) === nameOf(host));
}

/** `https://a.example:8443` has the host `a.example:8443`; `null`, the origin of sandboxed pages, has none. */
export function hostOfOrigin(origin: string): string {
  const scheme = origin.indexOf('://');
  return scheme === -1 ? '' : origin.slice(scheme + '://'.length);
}

/** A `Host` without its port, in lower case; an IPv6 address keeps its brackets. */
export function nameOfHost(host: string): string {
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
export function isLocalName(name: string): boolean {
  if (!name.includes('.') || name.startsWith('[')) return true;
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) || name.endsWith('.localhost') || name.endsWith('.internal');
}

/** Whether the host is a name or an address of the machine itself. */
export function isOfThisMachine(host: string): boolean {
  const name = nameOfHost(host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || isLoopbackAddress(name);
}

function isLoopbackAddress(name: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(name);
}

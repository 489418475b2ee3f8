/**
 * The proxy that the environment names for an address; undefined: none. The runtime's `fetch` reads these variables
 * itself, its WebSocket does not. `NO_PROXY` lists hosts, whose subdomains count too, with or without a port, or `*`.
 */
export function environmentProxy(
  address: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const url = URL.parse(address);
  if (url === null) return undefined;
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const names = isSecure ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const proxy = names.map((name) => env[name] ?? '').find((value) => value !== '');
  if (proxy === undefined) return undefined;
  const excluded = (env['no_proxy'] || env['NO_PROXY'] || '').split(',');
  return excluded.some((entry) => covers(entry.trim().toLowerCase(), url)) ? undefined : proxy;
}

function covers(entry: string, { hostname, host }: URL): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const name = entry.startsWith('.') ? entry.slice(1) : entry;
  return [hostname, host].some((each) => each === name || each.endsWith(`.${name}`));
}

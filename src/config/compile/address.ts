/** An address to listen on. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `:8080`, `8080`, `127.0.0.1:8080` or `[::1]:8080`; without a host it means every address. Returns undefined
 * for anything else.
 */
export function parseAddress(text: string, everywhere: string): Address | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]*)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] || match[2] || everywhere, port };
}

/** Formats an address: `127.0.0.1:8080`, `[::1]:8080`. */
export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether a listener on that host is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replaceAll(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name);
}

import type { Provider } from '../../config/snapshot.ts';
import { isForbiddenHost } from '../../lib/outgoing-address.ts';

/** Where connections go, and what both sides show of themselves. */
export interface Target {
  /** Connections of targets with the same name may stand in for each other. */
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly tls: TargetTls | undefined;
  /** Whether an address that the name resolves to is never called. */
  readonly forbids: (address: string) => boolean;
}

interface TargetTls {
  readonly verifies: boolean;
  /** Asked for at each connection, since files change. */
  readonly options: () => Bun.TLSOptions;
}

export function targetOf({ protocol, hostname, port }: URL, { tls }: Provider): Target {
  const isTls = protocol === 'https:';
  const address = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    forbids: isForbiddenHost,
  };
  const name = [protocol, hostname, port, tls.verify, tls.caFile].join('|');
  if (!isTls) return { name, ...address, tls: undefined };
  const options = (): Bun.TLSOptions => ({
    rejectUnauthorized: tls.verify,
    ...(!isAddress(address.hostname) && { serverName: address.hostname }),
    ...(tls.caFile !== undefined && { ca: Bun.file(tls.caFile) }),
  });
  return { name, ...address, tls: { verifies: tls.verify, options } };
}

/** Whether a host of a URL is an address already: no server has such a name (RFC 6066 §3). */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

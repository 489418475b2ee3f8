import type { Provider } from '../../config/snapshot.ts';
import { isForbiddenHost } from '../../lib/outgoing-address.ts';

/** The endpoint of a connection, and the TLS identity of both sides. */
export interface Target {
  /** Connections to targets with the same name are interchangeable. */
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly tls: TargetTls | undefined;
  /** Whether the gateway must never connect to this resolved address. */
  readonly forbids: (address: string) => boolean;
}

interface TargetTls {
  readonly verifies: boolean;
  /** Evaluated for each connection, since the files may change. */
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

/** Whether a URL's host is an IP address, which must not be sent as the server name (RFC 6066 §3). */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

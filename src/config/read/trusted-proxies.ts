import { type IpRange, isInRange, parseIpAddress, parseIpRange } from '../../lib/ip-address.ts';
import type { Finding } from './problems.ts';

/** Whether the peer with this address is a trusted proxy, whose claims about its clients are believed. */
export type TrustsProxy = (address: string) => boolean;

/** Compiles `server.trusted_proxies`: addresses and CIDR ranges. undefined: no proxy is trusted. */
export function compileTrustedProxies(
  texts: readonly string[],
  report: (finding: Finding) => void,
): TrustsProxy | undefined {
  const ranges: IpRange[] = [];
  for (const [index, text] of texts.entries()) {
    const range = parseIpRange(text.trim());
    if (range !== undefined) ranges.push(range);
    else
      report({
        path: ['server', 'trusted_proxies', index],
        message:
          'is neither an address nor a range of addresses; write "10.0.0.7", "10.0.0.0/8" or "fd00::/8"',
        found: JSON.stringify(text),
      });
  }
  if (ranges.length === 0) return undefined;
  return (address) => {
    const parsed = parseIpAddress(address);
    return parsed !== undefined && ranges.some((range) => isInRange(parsed, range));
  };
}

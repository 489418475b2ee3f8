/**
 * An IP address as 16 bytes. IPv4 addresses are in IPv6-mapped form, `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), so that both
 * kinds compare.
 */
export type IpAddress = Uint8Array;

/** A CIDR range (RFC 4632): all addresses that share the first `bits` of 128 bits. */
export interface IpRange {
  readonly first: IpAddress;
  readonly bits: number;
}

const MAPPED_BITS = 96;

/** The longest textual address: IPv6 with an IPv4 tail. */
const LONGEST = 45;

/** Parses an IPv4 or IPv6 address without brackets, port or zone. Returns undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > LONGEST) return undefined;
  if (!text.includes(':')) {
    const bytes = parseIpv4(text);
    return bytes && Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes]);
  }
  return parseIpv6(text);
}

/** Parses `10.0.0.0/8`, `fd00::/8`, or a single address. Returns undefined for anything else. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', prefix, more] = text.split('/');
  const first = parseIpAddress(address);
  if (first === undefined || more !== undefined) return undefined;
  if (prefix === undefined) return { first, bits: 128 };
  const most = address.includes(':') ? 128 : 32;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most) return undefined;
  return { first, bits: Number(prefix) + (most === 32 ? MAPPED_BITS : 0) };
}

/** Whether the address lies in the range. */
export function isInRange(address: IpAddress, { first, bits }: IpRange): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== first[index]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((address[whole] ?? 0) & mask) === ((first[whole] ?? 0) & mask);
}

/** Four decimal numbers. A leading zero is refused, because some programs read it as octal (RFC 6943 §3.1.1). */
function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function parseIpv6(text: string): IpAddress | undefined {
  const [before = '', after, more] = text.split('::');
  if (more !== undefined) return undefined;
  const head = groupsOf(before, after === undefined);
  const tail = after === undefined ? [] : groupsOf(after, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

/** The bytes of colon-separated groups; the last one may be an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const isIpv4 = isLast && index === groups.length - 1 && group.includes('.');
    const value = isIpv4 ? parseIpv4(group) : parseGroup(group);
    if (value === undefined) return undefined;
    bytes.push(...value);
  }
  return bytes;
}

function parseGroup(group: string): number[] | undefined {
  if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

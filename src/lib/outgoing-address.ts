/**
 * Hosts that no outgoing request may reach: link-local addresses, and the metadata services where clouds hand out the
 * credentials of their machines. Private ranges are allowed, since local models live there.
 */

/** Names of metadata services, in lower case and without a dot at the end. */
const METADATA_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.platformequinix.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** Metadata services outside of 169.254.0.0/16: Alibaba, Oracle, Azure. */
const METADATA_V4 = new Set(['100.100.100.200', '192.0.0.192', '168.63.129.16']);

/** Metadata services outside of fe80::/10: AWS, EKS, GCP, Scaleway, Akamai. */
const METADATA_V6 = new Set(
  ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:42::42', 'fd00:a9fe:a9fe::1'].map(
    (text) => bytesOfV6(text)?.join('.') ?? '',
  ),
);

/**
 * Whether a host is never called. `host` is a name or an address: as `URL.hostname` has it, with or without brackets,
 * or as a socket tells whom it is connected to. A name that is allowed may still resolve to an address that is not:
 * ask again with the address when the connection is open.
 */
export function isForbiddenHost(host: string): boolean {
  const name = withoutTrailingDots(host.toLowerCase());
  if (METADATA_NAMES.has(name)) return true;
  if (name.includes(':')) return isForbiddenV6(name);
  const v4 = bytesOfV4(name);
  return v4 !== undefined && isForbiddenV4(v4);
}

function withoutTrailingDots(text: string): string {
  let end = text.length;
  while (text[end - 1] === '.') end--;
  return text.slice(0, end);
}

/** RFC 3927 link-local addresses, and the metadata services. */
function isForbiddenV4(bytes: readonly number[]): boolean {
  return (bytes[0] === 169 && bytes[1] === 254) || METADATA_V4.has(bytes.join('.'));
}

/** RFC 4291 link-local addresses, the metadata services, and every way to write an IPv4 address in an IPv6 one. */
function isForbiddenV6(text: string): boolean {
  const bytes = bytesOfV6(text);
  if (bytes === undefined) return false;
  const isLinkLocal = bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
  return isLinkLocal || METADATA_V6.has(bytes.join('.')) || embeddedV4(bytes).some(isForbiddenV4);
}

type Bytes = readonly number[];

/** A prefix of an IPv6 address, and where the addresses behind it hold an IPv4 address. */
interface Embedding {
  readonly prefix: Bytes;
  readonly places: readonly Bytes[];
}

const LAST_FOUR = [12, 13, 14, 15];
const ZERO_64 = [0, 0, 0, 0, 0, 0, 0, 0];

const EMBEDDINGS: readonly Embedding[] = [
  // RFC 4291 §2.5.5: IPv4-compatible and IPv4-mapped; RFC 2765 §2.1: IPv4-translated.
  { prefix: [...ZERO_64, 0, 0, 0, 0], places: [LAST_FOUR] },
  { prefix: [...ZERO_64, 0, 0, 0xff, 0xff], places: [LAST_FOUR] },
  { prefix: [...ZERO_64, 0xff, 0xff, 0, 0], places: [LAST_FOUR] },
  // RFC 6052: NAT64 with the well-known prefix.
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], places: [LAST_FOUR] },
  // RFC 8215: local NAT64, whose prefix may have any length that RFC 6052 §2.2 knows; byte 8 is always left out.
  {
    prefix: [0, 0x64, 0xff, 0x9b, 0, 1],
    places: [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST_FOUR],
  },
  // RFC 3056: 6to4.
  { prefix: [0x20, 0x02], places: [[2, 3, 4, 5]] },
  // RFC 4380: the server of a Teredo address; its client is in `embeddedV4`.
  { prefix: [0x20, 0x01, 0, 0], places: [[4, 5, 6, 7]] },
];

function embeddedV4(bytes: Bytes): Bytes[] {
  const found = EMBEDDINGS.filter(({ prefix }) => startsWith(bytes, prefix)).flatMap(({ places }) => places);
  const addresses = found.map((places) => places.map((place) => bytes[place] ?? 0));
  const lastFour = bytes.slice(12);
  // RFC 4380 §4: the client of a Teredo address, each bit turned over.
  if (startsWith(bytes, [0x20, 0x01, 0, 0])) addresses.push(lastFour.map((byte) => byte ^ 0xff));
  // RFC 5214 §6.1: ISATAP, behind any prefix.
  const isIsatap = ((bytes[8] ?? 0) & 0xfd) === 0 && startsWith(bytes.slice(9), [0, 0x5e, 0xfe]);
  if (isIsatap) addresses.push(lastFour);
  return addresses;
}

function startsWith(bytes: Bytes, prefix: Bytes): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** Four decimal numbers, which is the one form that `URL` and sockets give. */
function bytesOfV4(text: string): number[] | undefined {
  const parts = text.split('.', 5);
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** An IPv6 address in any of its forms (RFC 4291 §2.2), with or without brackets and zone; undefined: it is none. */
function bytesOfV6(text: string): number[] | undefined {
  const [plain = ''] = text.replaceAll(/[[\]]/g, '').split('%', 1);
  const halves = plain.split('::', 3).map(bytesOfGroups);
  const [head, tail] = halves;
  if (head === undefined || halves.length > 2 || halves.includes(undefined)) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  return missing < 2 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
}

/** Groups of hexadecimal digits between colons; the last one may be an IPv4 address. */
function bytesOfGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':', 9);
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? bytesOfV4(group) : undefined;
    if (v4 === undefined && !/^[0-9a-f]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(...(v4 ?? [value >> 8, value & 0xff]));
  }
  return bytes;
}

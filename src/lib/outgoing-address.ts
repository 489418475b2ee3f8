import { type IpAddress, type IpRange, isInRange, parseIpAddress, parseIpRange } from './ip-address.ts';

/**
 * Hosts that no outgoing request may reach: link-local addresses, and the metadata services through which clouds hand
 * out the credentials of their machines. Private ranges are allowed, since local models run there.
 */

/** Names of metadata services, in lower case and without a trailing dot. */
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
    (text) => parseIpAddress(text)?.join('.') ?? '',
  ),
);

/**
 * Whether calls to a host are forbidden. `host` is a name or an address, as in `URL.hostname`, with or without
 * brackets, or the remote address of a socket. An allowed name may resolve to a forbidden address, so check the address
 * again when the connection is open.
 */
export function isForbiddenHost(host: string): boolean {
  const name = withoutTrailingDots(host.toLowerCase());
  if (METADATA_NAMES.has(name)) return true;
  const [plain = ''] = name.replaceAll(/[[\]]/g, '').split('%', 1);
  const address = parseIpAddress(plain);
  if (address === undefined) return false;
  const isLinkLocal = address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
  return isLinkLocal || METADATA_V6.has(address.join('.')) || embeddedV4(address).some(isForbiddenV4);
}

/**
 * Whether a file that a client names may be fetched from an IP address: only from one of the public Internet. Unlike
 * `isForbiddenHost` it refuses private, loopback, shared, multicast and reserved ranges (RFC 6890), also where an IPv6
 * address embeds them. Anything but an address, a name included, is refused.
 */
export function isPublicAddress(text: string): boolean {
  const address = parseIpAddress(text);
  if (address === undefined || isForbiddenHost(text)) return false;
  const isGlobal = GLOBAL.some((range) => isInRange(address, range));
  if (!isGlobal || SPECIAL.some((range) => isInRange(address, range))) return false;
  return embeddedV4(address).every((bytes) => {
    const mapped = parseIpAddress(bytes.join('.'));
    return mapped !== undefined && !SPECIAL.some((range) => isInRange(mapped, range));
  });
}

const rangesOf = (...texts: string[]): readonly IpRange[] =>
  texts.map(parseIpRange).filter((range) => range !== undefined);

/** Global unicast addresses, IPv4, and NAT64 with the well-known prefix. */
const GLOBAL = rangesOf('2000::/3', '0.0.0.0/0', '64:ff9b::/96');

/** The ranges among them that are not public. */
const SPECIAL = rangesOf(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
);

function withoutTrailingDots(text: string): string {
  let end = text.length;
  while (text[end - 1] === '.') end--;
  return text.slice(0, end);
}

/** RFC 3927 link-local addresses, and the metadata services. */
function isForbiddenV4(bytes: Bytes): boolean {
  return (bytes[0] === 169 && bytes[1] === 254) || METADATA_V4.has(bytes.join('.'));
}

type Bytes = readonly number[];

/** An IPv6 prefix, and where the addresses below it embed an IPv4 address. */
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
  // RFC 8215: local NAT64, whose prefix may have any length of RFC 6052 §2.2; byte 8 is always skipped.
  {
    prefix: [0, 0x64, 0xff, 0x9b, 0, 1],
    places: [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST_FOUR],
  },
  // RFC 3056: 6to4.
  { prefix: [0x20, 0x02], places: [[2, 3, 4, 5]] },
  // RFC 4380: the server of a Teredo address; `embeddedV4` handles its client.
  { prefix: [0x20, 0x01, 0, 0], places: [[4, 5, 6, 7]] },
];

/** Every IPv4 address that an IPv6 address may embed; an IPv4 address itself is in mapped form here. */
function embeddedV4(address: IpAddress): Bytes[] {
  const found = EMBEDDINGS.filter(({ prefix }) => hasAt(address, 0, prefix)).flatMap(({ places }) => places);
  const addresses: Bytes[] = found.map((places) => places.map((place) => address[place] ?? 0));
  const lastFour = [...address.subarray(12)];
  // RFC 4380 §4: the client of a Teredo address, with all bits inverted.
  if (hasAt(address, 0, [0x20, 0x01, 0, 0])) addresses.push(lastFour.map((byte) => byte ^ 0xff));
  // RFC 5214 §6.1: ISATAP, below any prefix.
  const isIsatap = ((address[8] ?? 0) & 0xfd) === 0 && hasAt(address, 9, [0, 0x5e, 0xfe]);
  if (isIsatap) addresses.push(lastFour);
  return addresses;
}

function hasAt(address: IpAddress, place: number, bytes: Bytes): boolean {
  return bytes.every((byte, index) => address[place + index] === byte);
}

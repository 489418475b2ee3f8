import type { Fields } from '../lib/http/fields.ts';
import type { TrustsProxy } from '../config/read/trusted-proxies.ts';
import { parseIpAddress } from '../lib/ip-address.ts';

/** Longer header fields are not read: no chain of proxies writes so many addresses. */
const MOST_CHARACTERS = 4096;

/**
 * The client's address: the peer's or, if the peer is a trusted proxy, the last address before it that is not a trusted
 * proxy. Reads `X-Forwarded-For`, or `Forwarded` (RFC 7239) if the first is missing. Both are read from the end,
 * because the client may have invented everything before the first untrusted address. An entry that is not an address
 * ends the search at the proxy that wrote it.
 */
export function clientAddress(peer: string, headers: Fields, trusts: TrustsProxy | undefined): string {
  if (trusts === undefined || !trusts(peer)) return peer;
  let address = peer;
  for (const hop of forwardedFor(headers)) {
    const next = hostOf(hop);
    if (next === undefined) return address;
    address = next;
    if (!trusts(address)) return address;
  }
  return address;
}

/**
 * Whether the client used TLS: to us or, if a trusted proxy says so, to that proxy (`X-Forwarded-Proto`, or `proto` in
 * `Forwarded`). The entry of the nearest proxy counts.
 */
export function isClientSecure(
  headers: Fields,
  peer: { readonly address: string; readonly isTls: boolean },
  trusts: TrustsProxy | undefined,
): boolean {
  if (peer.isTls || trusts === undefined || !trusts(peer.address)) return peer.isTls;
  return forwardedProto(headers)?.toLowerCase() === 'https';
}

function forwardedProto(headers: Fields): string | undefined {
  const plain = headers.get('x-forwarded-proto');
  if (plain !== null) return plain.length > MOST_CHARACTERS ? undefined : plain.split(',').at(-1)?.trim();
  const nearest = forwardedElements(headers).at(-1);
  return nearest && parameterOf(nearest, 'proto');
}

/** The addresses in the proxies' fields, the nearest first. */
function forwardedFor(headers: Fields): string[] {
  const list = headers.get('x-forwarded-for');
  if (list !== null) return list.length > MOST_CHARACTERS ? [] : list.split(',').toReversed();
  return forwardedElements(headers)
    .map((element) => parameterOf(element, 'for') ?? '')
    .toReversed();
}

/** The elements of `Forwarded`, one per proxy. A comma within quotes does not separate them. */
function forwardedElements(headers: Fields): string[] {
  const text = headers.get('forwarded');
  return text === null || text.length > MOST_CHARACTERS ? [] : splitOutsideQuotes(text, ',');
}

function parameterOf(element: string, name: string): string | undefined {
  for (const pair of splitOutsideQuotes(element, ';')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals).trim().toLowerCase() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return undefined;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && isQuoted) index++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** The address without port and brackets; undefined: the entry is not an address, such as `unknown` or `_hidden`. */
function hostOf(entry: string): string | undefined {
  const text = entry.trim();
  const host = text.startsWith('[')
    ? text.slice(1, text.indexOf(']'))
    : text.indexOf(':') === text.lastIndexOf(':')
      ? (text.split(':')[0] ?? '')
      : text;
  return parseIpAddress(host) === undefined ? undefined : host;
}

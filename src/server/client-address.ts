import type { TrustsProxy } from '../config/read/trusted-proxies.ts';
import { parseIpAddress } from '../lib/ip-address.ts';

/** Header fields longer than this are not read: no chain of proxies writes so many addresses. */
const MOST_CHARACTERS = 4096;

/**
 * The address of the client: that of the peer or, where the peer is a trusted proxy, the last address in front of it that is no
 * trusted proxy. `X-Forwarded-For` counts, and `Forwarded` (RFC 7239) where the first is missing. Both are read from
 * their end, because everything before the first untrusted address may be the client's invention. An entry that is no
 * address ends the search at the proxy that wrote it.
 */
export function clientAddress(peer: string, headers: Headers, trusts: TrustsProxy | undefined): string {
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
 * Whether the client spoke TLS: to us or, where the peer is a trusted proxy that says so, to that proxy
 * (`X-Forwarded-Proto`, else `proto` of `Forwarded`). The entry of the nearest proxy counts.
 */
export function isClientSecure(
  request: { readonly url: string; readonly headers: Headers },
  peer: string,
  trusts: TrustsProxy | undefined,
): boolean {
  const isTls = request.url.startsWith('https:');
  if (isTls || trusts === undefined || !trusts(peer)) return isTls;
  return forwardedProto(request.headers)?.toLowerCase() === 'https';
}

function forwardedProto(headers: Headers): string | undefined {
  const plain = headers.get('x-forwarded-proto');
  if (plain !== null) return plain.length > MOST_CHARACTERS ? undefined : plain.split(',').at(-1)?.trim();
  const nearest = forwardedElements(headers).at(-1);
  return nearest && parameterOf(nearest, 'proto');
}

/** The addresses as the proxies wrote them, the nearest one first. */
function forwardedFor(headers: Headers): string[] {
  const list = headers.get('x-forwarded-for');
  if (list !== null) return list.length > MOST_CHARACTERS ? [] : list.split(',').toReversed();
  return forwardedElements(headers)
    .map((element) => parameterOf(element, 'for') ?? '')
    .toReversed();
}

/** The elements of `Forwarded`, one for each proxy. A comma within quotes separates nothing. */
function forwardedElements(headers: Headers): string[] {
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

/** The address without its port and brackets; undefined: the entry is none, such as `unknown` or `_hidden`. */
function hostOf(entry: string): string | undefined {
  const text = entry.trim();
  const host = text.startsWith('[')
    ? text.slice(1, text.indexOf(']'))
    : text.indexOf(':') === text.lastIndexOf(':')
      ? (text.split(':')[0] ?? '')
      : text;
  return parseIpAddress(host) === undefined ? undefined : host;
}

import { isForbiddenHost } from '../../lib/outgoing-address.ts';
import { isLoopback } from './address.ts';

/**
 * A provider's base URL without a trailing slash, or what is wrong with it. The fault does not quote the URL, which may
 * contain a password.
 */
export type BaseUrl =
  | { readonly kind: 'valid'; readonly url: string; readonly isPlainPublic: boolean }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * Checks a provider's base URL. Link-local addresses are refused, because clouds serve their machines' credentials
 * there. `isPlainPublic` means that a key would cross the internet unencrypted.
 */
export function readBaseUrl(text: string): BaseUrl {
  const url = URL.parse(text);
  if (url === null) return invalid('is not a URL; write it like https://api.example.com/v1');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return invalid('must begin with https:// or http://');
  if (namesNoHost(text)) return invalid('names no host; write it like https://api.example.com/v1');
  if (url.username !== '' || url.password !== '') {
    return invalid('must not hold a user name or password; use api_key or headers');
  }
  if (url.search !== '' || url.hash !== '') return invalid('must not have a query (?) or a fragment (#)');
  const host = url.hostname.replaceAll(/^\[|\]$|\.$/g, '');
  if (isForbiddenHost(host)) return invalid(FORBIDDEN_HOST);
  return {
    kind: 'valid',
    url: url.href.replace(/\/+$/, ''),
    isPlainPublic: url.protocol === 'http:' && !isPrivate(host),
  };
}

/** Whether a URL has no host, so that a parser would take the first segment of its path as one. */
export function namesNoHost(text: string): boolean {
  // Parsers of URLs skip these characters.
  return /^https?:[/\\]{3}/i.test(text.replace(/[\t\r\n]/g, '').trimStart());
}

/** Why a host is refused anywhere in the configuration. */
export const FORBIDDEN_HOST =
  'is a link-local or metadata address, where clouds keep credentials; it is never called';

function invalid(message: string): BaseUrl {
  return { kind: 'invalid', message };
}

/** Loopback, RFC 1918, RFC 6598, RFC 4193, and names that resolve only in a local network. */
function isPrivate(host: string): boolean {
  if (isLoopback(host) || !/[.:]/.test(host)) return true;
  if (/^10\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(host))
    return true;
  return (
    /^f[cd][0-9a-f]{2}:/.test(host) ||
    /\.(local|internal|localhost|lan|home\.arpa|svc|cluster\.local)$/.test(host)
  );
}

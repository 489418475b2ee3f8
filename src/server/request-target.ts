import { isKnownEndpoint } from '../gateway/endpoint.ts';
import { Refusal } from '../gateway/refusals.ts';
import { type ApiPath, apiPath } from '../lib/api-path.ts';

/** The path and query of a request. */
export interface RequestTarget extends ApiPath {
  /** With its question mark, or ''. */
  readonly search: string;
}

/**
 * Splits a request's URL and normalises its path (`apiPath`). It splits rather than parses, since parsing throws on an
 * invalid Host header. The runtime has already resolved plain dot segments and turned backslashes into slashes, as
 * browsers do. A dot segment behind an encoded slash is refused, since a provider that decodes it would leave the base
 * path.
 */
export function requestTarget(url: string): RequestTarget {
  const start = startOfPath(url);
  if (start === -1) return { path: '/', search: '', azure: undefined };
  const question = url.indexOf('?', start);
  const path = question === -1 ? url.slice(start) : url.slice(start, question);
  if (SUSPECT.test(path) && (DOT_SEGMENT.test(path) || path.includes('\\'))) {
    throw new Refusal('invalid_path', { problem: 'it contains a dot segment or a backslash' });
  }
  const search = question === -1 ? '' : url.slice(question);
  // Fast path: most requests are for one of these.
  if (isKnownEndpoint(path)) return { path, search, azure: undefined };
  const known = apiPath(path);
  return { path: withoutEnd(known.path), search, azure: known.azure };
}

/** Removes the trailing slash of a known endpoint: some providers redirect such paths. */
function withoutEnd(path: string): string {
  if (!path.endsWith('/') || path === '/') return path;
  const bare = path.slice(0, -1);
  return isKnownEndpoint(bare) || isKnownEndpoint(`/v1${bare}`) ? bare : path;
}

/** The path of a request's URL, valid or not. */
export function pathOf(url: string): string {
  const start = startOfPath(url);
  if (start === -1) return '/';
  const question = url.indexOf('?', start);
  return question === -1 ? url.slice(start) : url.slice(start, question);
}

/** If the Host cannot be part of a URL, the runtime gives the path only. -1: there is none. */
function startOfPath(url: string): number {
  return url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + '://'.length);
}

/** Most paths contain no character of a dot segment. */
const SUSPECT = /[.%\\]/;
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=[/\\]|%2f|%5c|$)/i;

/** Paths that are never a provider's, so that they are not forwarded even if they do not exist in this mode. */
export function isReserved(path: string): boolean {
  return /^\/(?:admin|health|metrics|docs|openapi\.json|favicon\.ico)(?:\/|$)/.test(path);
}

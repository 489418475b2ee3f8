import { isKnownEndpoint } from '../gateway/endpoint.ts';
import { Refusal } from '../gateway/refusals.ts';
import { type ApiPath, apiPath } from '../lib/api-path.ts';

/** The path and query of a request. */
export interface RequestTarget extends ApiPath {
  /** With its question mark, or ''. */
  readonly search: string;
}

/**
 * Splits a request's URL, and makes its path one that the gateway knows (`apiPath`). It is cut and not parsed, since parsing throws on a bad Host header. The runtime has
 * resolved plain dot segments and turned backslashes into slashes by now, as browsers do; one that hides behind an encoded slash is refused, since a provider that decodes
 * it would climb out of the base path.
 */
export function requestTarget(url: string): RequestTarget {
  const start = startOfPath(url);
  if (start === -1) return { path: '/', search: '', azure: undefined };
  const question = url.indexOf('?', start);
  const path = question === -1 ? url.slice(start) : url.slice(start, question);
  if (SUSPECT.test(path) && (DOT_SEGMENT.test(path) || path.includes('\\'))) {
    throw new Refusal('invalid_path', { problem: 'it has a dot segment or a backslash' });
  }
  const search = question === -1 ? '' : url.slice(question);
  // Most requests are for one of these, and need no closer look.
  if (isKnownEndpoint(path)) return { path, search, azure: undefined };
  const known = apiPath(path);
  return { path: withoutEnd(known.path), search, azure: known.azure };
}

/** A slash at the end of an endpoint that is known is one too many: some providers answer it with a redirect. */
function withoutEnd(path: string): string {
  if (!path.endsWith('/') || path === '/') return path;
  const bare = path.slice(0, -1);
  return isKnownEndpoint(bare) || isKnownEndpoint(`/v1${bare}`) ? bare : path;
}

/** The path of a request's URL, whether it is a good one or not. */
export function pathOf(url: string): string {
  const start = startOfPath(url);
  if (start === -1) return '/';
  const question = url.indexOf('?', start);
  return question === -1 ? url.slice(start) : url.slice(start, question);
}

/** With a Host that can't be part of a URL, the runtime gives the path alone. -1: there is none. */
function startOfPath(url: string): number {
  return url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + '://'.length);
}

/** Most paths have nothing of what a dot segment is made of, and need no closer look. */
const SUSPECT = /[.%\\]/;
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=[/\\]|%2f|%5c|$)/i;

/** Paths that are never a provider's, so that what is not there yet, or not in this mode, is not asked of one. */
export function isReserved(path: string): boolean {
  return /^\/(?:admin|health|metrics|docs|openapi\.json|favicon\.ico)(?:\/|$)/.test(path);
}

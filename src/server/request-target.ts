import { Refusal } from '../gateway/refusals.ts';

/** The path and query of a request, as the client wrote them. */
export interface RequestTarget {
  readonly path: string;
  /** With its question mark, or ''. */
  readonly search: string;
}

/**
 * Splits a request's URL. It is cut and not parsed, since parsing throws on a bad Host header. The runtime has
 * resolved plain dot segments by now; one that hides behind an encoded slash is refused, since a provider that decodes
 * it would climb out of the base path.
 */
export function requestTarget(url: string): RequestTarget {
  // With a Host that can't be part of a URL, the runtime gives the path alone.
  const start = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + '://'.length);
  if (start === -1) return { path: '/', search: '' };
  const question = url.indexOf('?', start);
  const path = question === -1 ? url.slice(start) : url.slice(start, question);
  if (SUSPECT.test(path) && (DOT_SEGMENT.test(path) || path.includes('\\'))) {
    throw new Refusal('invalid_path', { problem: 'it has a dot segment or a backslash' });
  }
  return { path, search: question === -1 ? '' : url.slice(question) };
}

/** Most paths have nothing of what a dot segment is made of, and need no closer look. */
const SUSPECT = /[.%\\]/;
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=[/\\]|%2f|%5c|$)/i;

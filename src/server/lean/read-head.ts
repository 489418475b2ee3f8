import { isKnownEndpoint } from '../../gateway/endpoint.ts';
import type { LastRequestHead, PlacedHead } from '../../http1/last-request-head.ts';
import { MOST_HEAD_BYTES, type RequestHead } from '../../http1/request-head.ts';
import { versionOf } from '../../lib/api-path.ts';
import { isOwnPath } from '../plain-endpoints.ts';
import type { UnreadBytes } from './unread-bytes.ts';

/**
 * Returns the head with which the bytes begin, undefined if it is incomplete, or `unusual` if the runtime's server has
 * to answer it.
 */
export function readHead(unread: UnreadBytes, lastHead: LastRequestHead): PlacedHead | 'unusual' | undefined {
  const repeated = unread.repeated(lastHead);
  if (repeated !== undefined) return repeated;
  const end = unread.endOfHead();
  if (end === -1 && unread.size <= MOST_HEAD_BYTES) return undefined;
  const placed = end === -1 || end > MOST_HEAD_BYTES ? undefined : lastHead.read(unread.text(end));
  if (placed === undefined || !isServed(placed.head)) return 'unusual';
  lastHead.share();
  return placed;
}

/** Whether the request is for a provider, or for an endpoint of the gateway's own that only reads. */
function isServed({ method, path }: RequestHead): boolean {
  const isRead = method === 'GET';
  if (isOwnPath(path)) return isRead;
  if (path.startsWith('/v1/key')) return false;
  // The console may be below any other version.
  if (isRead) return path.startsWith('/v1/') || path.startsWith('/v1beta/');
  // The base URLs of many clients end without a version.
  return versionOf(path) !== undefined || isKnownEndpoint(`/v1${path}`);
}

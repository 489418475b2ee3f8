import { isProviderEndpoint } from '../../gateway/endpoint.ts';
import type { LastRequestHead, PlacedHead } from '../../http1/last-request-head.ts';
import { MOST_HEAD_BYTES } from '../../http1/request-head.ts';
import type { UnreadBytes } from './unread-bytes.ts';

/**
 * Returns the head with which the bytes begin, undefined if it is incomplete, or `unusual` if it is not the plain head of
 * a request to a provider.
 */
export function readHead(unread: UnreadBytes, lastHead: LastRequestHead): PlacedHead | 'unusual' | undefined {
  const repeated = unread.repeated(lastHead);
  if (repeated !== undefined) return repeated;
  const end = unread.endOfHead();
  if (end === -1 && unread.size <= MOST_HEAD_BYTES) return undefined;
  const placed = end === -1 || end > MOST_HEAD_BYTES ? undefined : lastHead.read(unread.text(end));
  return placed !== undefined && isProviderEndpoint(placed.head.path) ? placed : 'unusual';
}

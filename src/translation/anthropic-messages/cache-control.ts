import type { CacheMark } from '../conversation.ts';
import type { JsonTree } from '../json.ts';

/** The mark as a member of a block, a tool or a system text; nothing where there is none. */
export function cacheControl(cache: CacheMark | undefined): JsonTree {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ttl: cache.ttl } };
}

import type { CacheMark } from '../conversation.ts';
import type { JsonTree } from '../json.ts';

/** `cache_control` of a block, a tool or a system text; an empty object without a mark. */
export function cacheControl(cache: CacheMark | undefined): JsonTree {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ttl: cache.ttl } };
}

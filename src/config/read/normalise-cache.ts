import type { z } from 'zod';
import type { CacheBounds, CacheRule } from '../caching.ts';
import type { cachingSchema } from '../schema/cache-schema.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { bytesOf, millisecondsOf } from '../schema/units.ts';

/** How a model or a key caches, as written: fields that are left out may come from the other one. */
export interface CachingSettings extends Partial<CacheRule> {
  readonly isEnabled: boolean;
}

export function normaliseCache(cache: ConfigFile['cache']): CacheBounds {
  return {
    maxBytes: bytesOf(cache?.max_mb ?? DEFAULTS.cacheMb),
    maxEntries: cache?.max_entries ?? DEFAULTS.cacheEntries,
    maxAnswerBytes: bytesOf(cache?.max_answer_mb ?? DEFAULTS.cacheAnswerMb),
    isShared: cache?.store === 'redis',
  };
}

/** Returns undefined if nothing is written. */
export function normaliseCaching(
  caching: z.output<typeof cachingSchema> | null | undefined,
): CachingSettings | undefined {
  if (caching === undefined || caching === null) return undefined;
  const { enabled, ttl, any_temperature: anyTemperature, replay } = caching;
  return {
    isEnabled: enabled ?? true,
    ...(typeof ttl === 'number' && { ttlMs: Math.max(1, millisecondsOf(ttl)) }),
    ...(typeof anyTemperature === 'boolean' && { anyTemperature }),
    ...(typeof replay === 'string' && { isPaced: replay === 'paced' }),
  };
}

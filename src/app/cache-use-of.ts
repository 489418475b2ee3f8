import type { CacheUse } from '../admin/running/running-gateway.ts';
import type { FamilyDump } from '../telemetry/metrics/metric-family.ts';

/** Adds up over all models what the response cache did, as metrics count it. */
export function cacheUseOf(families: readonly FamilyDump[]): CacheUse {
  const sums: Record<string, number> = {};
  const family = families.find(({ name }) => name === 'llm_proxy_cache_requests_total');
  const at = family?.labelNames.indexOf('result') ?? -1;
  for (const { labels, value } of family?.series ?? []) {
    const result = labels[at] ?? '';
    sums[result] = (sums[result] ?? 0) + value;
  }
  const { hit = 0, joined = 0, miss = 0, bypass = 0 } = sums;
  return { hits: hit, joined, misses: miss, bypassed: bypass };
}

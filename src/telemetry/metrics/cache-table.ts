import { counter, gauge } from './metric-family.ts';

/** The metrics of the response cache. They have no series without one. */
export function cacheMetrics() {
  return {
    cacheRequests: counter(
      'llm_proxy_cache_requests_total',
      'Requests for which the response cache is configured, by what it did: hit, joined, miss or bypass.',
      ['model', 'result'],
    ),
    saved: counter('llm_proxy_saved_usd_total', 'US dollars that the response cache saved.', ['model']),
    cacheEntries: gauge('llm_proxy_cache_entries', 'Answers in the response cache.', []),
    cacheBytes: gauge('llm_proxy_cache_bytes', 'Memory that the answers in the response cache take.', []),
  };
}

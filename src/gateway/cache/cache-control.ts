import type { Fields } from '../../lib/http/fields.ts';

/** The client's wishes about cached answers, from `Cache-Control` (RFC 9111 §5.2.1). */
export interface ClientCacheControl {
  /** Whether a new answer is asked for. It may be kept. */
  readonly noCache: boolean;
  /** Whether the answer must not be kept. */
  readonly noStore: boolean;
  /** Whether no provider may be asked. */
  readonly onlyIfCached: boolean;
  /** The oldest answer that will do; Infinity: any. */
  readonly maxAgeMs: number;
  /** For how long the answer must still be kept. */
  readonly minFreshMs: number;
}

const NOTHING_SAID: ClientCacheControl = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeMs: Infinity,
  minFreshMs: 0,
};

/** Directives that are not known here are ignored. */
export function cacheControlOf(headers: Fields): ClientCacheControl {
  const field = headers.get('cache-control');
  if (field === null) return NOTHING_SAID;
  let { noCache, noStore, onlyIfCached, maxAgeMs, minFreshMs } = NOTHING_SAID;
  for (const directive of field.toLowerCase().split(',')) {
    const [name = '', value = ''] = directive.split('=').map((part) => part.trim());
    const ms = /^"?\d+"?$/.test(value) ? Number(value.replaceAll('"', '')) * 1000 : undefined;
    if (name === 'no-cache') noCache = true;
    else if (name === 'no-store') noStore = true;
    else if (name === 'only-if-cached') onlyIfCached = true;
    else if (name === 'max-age' && ms !== undefined) maxAgeMs = Math.min(maxAgeMs, ms);
    else if (name === 'min-fresh' && ms !== undefined) minFreshMs = Math.max(minFreshMs, ms);
  }
  return { noCache: noCache || maxAgeMs === 0, noStore, onlyIfCached, maxAgeMs, minFreshMs };
}

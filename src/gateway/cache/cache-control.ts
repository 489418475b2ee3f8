import type { Fields } from '../../lib/http/fields.ts';
/** The client's wishes about cached answers, from `Cache-Control` (RFC 9111 §5.2.1). */
export interface ClientCacheControl {
  /** Whether a new answer is asked for. It may be kept. */
  readonly noCache: boolean;
  /** Whether the answer must not be kept. */
  readonly noStore: boolean;
  /** The oldest answer that will do; Infinity: any. */
  readonly maxAgeMs: number;
}

const NOTHING_SAID: ClientCacheControl = { noCache: false, noStore: false, maxAgeMs: Infinity };

/** Directives that are not known here are ignored. */
export function cacheControlOf(headers: Fields): ClientCacheControl {
  const field = headers.get('cache-control');
  if (field === null) return NOTHING_SAID;
  let { noCache, noStore, maxAgeMs } = NOTHING_SAID;
  for (const directive of field.toLowerCase().split(',')) {
    const [name = '', value = ''] = directive.split('=').map((part) => part.trim());
    if (name === 'no-cache') noCache = true;
    else if (name === 'no-store') noStore = true;
    else if (name === 'max-age' && /^"?\d+"?$/.test(value))
      maxAgeMs = Math.min(maxAgeMs, Number(value.replaceAll('"', '')) * 1000);
  }
  return { noCache: noCache || maxAgeMs === 0, noStore, maxAgeMs };
}

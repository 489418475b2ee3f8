import { newRequestId } from '../gateway/request-id.ts';
import { UnspokenApis } from '../gateway/translated/unspoken-apis.ts';
import { createMediaFetcher } from '../upstream/media/media-fetcher.ts';

/**
 * What no configuration changes: the randomness of the core, the limits beside those of the keys, what providers were
 * found to lack, and how files are fetched.
 */
export const inMemory = () => ({
  dice: Math.random,
  newRequestId,
  limits: [],
  unspoken: new UnspokenApis(),
  media: createMediaFetcher(),
});

import { newRequestId } from '../gateway/request-id.ts';
import { UnspokenApis } from '../gateway/translated/unspoken-apis.ts';
import { createMediaFetcher } from '../upstream/media/media-fetcher.ts';

/**
 * The parts of a gateway that the configuration does not change: the randomness of the core, the APIs that providers were found to lack, and the fetching of files.
 */
export const inMemory = () => ({
  dice: Math.random,
  newRequestId,
  unspoken: new UnspokenApis(),
  media: createMediaFetcher(),
});

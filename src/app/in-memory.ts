import { newRequestId } from '../gateway/request-id.ts';
import { UnspokenApis } from '../gateway/translated/unspoken-apis.ts';
import { endUserHash } from './end-user-hash.ts';
import { createMediaFetcher } from '../upstream/media/media-fetcher.ts';

/**
 * The parts of a gateway that the configuration does not change: the randomness of the core, the APIs that providers
 * were found to lack, the fetching of files, and the hash of end users.
 */
export const inMemory = () => ({
  dice: Math.random,
  newRequestId,
  unspoken: new UnspokenApis(),
  media: createMediaFetcher(),
  hashEndUser: endUserHash(process.env),
});

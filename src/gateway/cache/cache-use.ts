/**
 * The effect of the response cache on a request. `hit`: it gave the answer. `joined`: an identical request under way
 * gave it. `miss`: a provider was asked. `bypass`: a provider was asked without a look into the cache, because the
 * request may have another answer each time, or the client wanted a new one.
 */
export type CacheUse = 'hit' | 'joined' | 'miss' | 'bypass';

/** The rules that decide which answers are cached, and how. */
export interface Caching extends CacheBounds {
  /** How requests of this key for this model are cached; undefined: they are not. */
  readonly ruleFor: (keyId: string | undefined, model: string) => CacheRule | undefined;
}

/** The memory of the cache in one process. */
export interface CacheBounds {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxAnswerBytes: number;
  /** Whether answers are kept in Redis, for all gateways, instead of in each process. */
  readonly isShared: boolean;
}

/** How the answers to some requests are cached. */
export interface CacheRule {
  readonly ttlMs: number;
  /** Whether requests are cached that do not ask for temperature 0. */
  readonly anyTemperature: boolean;
  /** Whether a stream is replayed in the time that it took. */
  readonly isPaced: boolean;
}

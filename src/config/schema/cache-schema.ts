import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { flag, optional, seconds } from './setting.ts';

/** The memory of the response cache. It holds nothing until a model or a key opts in. */
export const cacheSchema = z.strictObject({
  max_mb: optional(z.number().positive().max(65_536), {
    description:
      'Memory in MiB for cached answers, in each worker. The least recently used answers are evicted first.',
    default: DEFAULTS.cacheMb,
  }),
  max_entries: optional(z.int().min(1).max(10_000_000), {
    description: 'Maximum number of cached answers in each worker.',
    default: DEFAULTS.cacheEntries,
  }),
  max_answer_mb: optional(z.number().positive().max(1024), {
    description: 'Size in MiB of the largest answer that is cached.',
    default: DEFAULTS.cacheAnswerMb,
  }),
});

/** How the answers of a model, or to a key, are cached. */
export const cachingSchema = z.strictObject({
  enabled: optional(flag(), {
    description:
      'Whether answers are cached. false disables caching even if the other of key and model opts in.',
    default: true,
  }),
  ttl: optional(seconds().positive(), {
    description:
      "Seconds for which a cached answer is replayed. Default: the setting of the request's key or model, else 300.",
    examples: [600],
  }),
  any_temperature: optional(flag(), {
    description:
      "Whether to cache requests that do not set temperature to 0. Without the cache, their answers differ each time. Default: the setting of the request's key or model, else false.",
    examples: [true],
  }),
  replay: optional(z.enum(['at_once', 'paced']), {
    description:
      "`at_once` sends a cached stream as fast as the client reads it. `paced` sends it at the provider's original pace. Default: the setting of the request's key or model, else `at_once`.",
    examples: ['paced'],
  }),
});

import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { optional, seconds } from './setting.ts';

/** The memory of the response cache. It holds nothing until a model or a key opts in. */
export const cacheSchema = z.strictObject({
  max_mb: optional(z.number().positive().max(65_536), {
    description:
      'Memory in MiB for cached answers, in each worker. The answers that were used least recently make room.',
    default: DEFAULTS.cacheMb,
  }),
  max_entries: optional(z.int().min(1).max(10_000_000), {
    description: 'The most answers that are cached, in each worker.',
    default: DEFAULTS.cacheEntries,
  }),
  max_answer_mb: optional(z.number().positive().max(1024), {
    description: 'The largest answer in MiB that is cached.',
    default: DEFAULTS.cacheAnswerMb,
  }),
});

/** How the answers of a model, or to a key, are cached. */
export const cachingSchema = z.strictObject({
  enabled: optional(z.boolean(), {
    description: 'false: nothing is cached, also where the key or the model of a request opts in.',
    default: true,
  }),
  ttl: optional(seconds().positive(), {
    description:
      'Seconds for which an answer is replayed. Left out, here and below: as the other of model and key says, else 300.',
    examples: [600],
  }),
  any_temperature: optional(z.boolean(), {
    description:
      'Whether requests are cached that do not ask for temperature 0. Their answers would otherwise differ each time. Left out: false.',
    examples: [true],
  }),
  replay: optional(z.enum(['at_once', 'paced']), {
    description:
      '`at_once`: a cached stream is sent as fast as the client reads. `paced`: it takes the time that it took the provider. Left out: `at_once`.',
    examples: ['paced'],
  }),
});

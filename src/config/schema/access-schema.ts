import { z } from 'zod';
import { cachingSchema } from './cache-schema.ts';
import { keyOwnershipSchema } from './owner-schema.ts';
import { nameText, optional, secretText } from './setting.ts';

const rateLimitSchema = z.strictObject({
  requests_per_second: z
    .number()
    .min(0)
    .max(1_000_000)
    .meta({
      description:
        'Requests per second on average; may be fractional: 0.5 is one every two seconds. 0 refuses all.',
      examples: [100],
    }),
  burst_size: optional(z.int().min(0).max(10_000_000), {
    description:
      'Burst size: requests that may come at once after a pause. Left out: the requests of one second, at least 1.',
    examples: [150],
  }),
});

/** The limits of a key as the file states them. `compile/key-limits.ts` gives them the units of the program. */
export const keyLimitsSchema = z.object({
  rate_limit: optional(rateLimitSchema, {
    description:
      'The rate limit of the key, which is asked before the body is read. It holds beside `limits`. Left out: no limit.',
  }),
});
export type KeyLimitSettings = z.output<typeof keyLimitsSchema>;

/** A credential that clients present to the gateway. */
export const masterKeySchema = z.strictObject({
  name: nameText().meta({
    description: 'Its unique name in metrics and logs.',
    examples: ['Production Key'],
  }),
  key: secretText()
    .min(1)
    .meta({
      description: 'The secret that the client sends, or its SHA-256 as `sha256:` and 64 hexadecimal digits.',
      examples: ['${LLM_PROXY_KEY}'],
      writeOnly: true,
    }),
  enabled: optional(z.boolean(), {
    description: 'false disables the key: it is treated like an unknown one.',
    default: true,
  }),
  allowed_models: optional(z.array(nameText()), {
    description:
      'Models that the key may use: exact names, or patterns with `*` for any text. Left out or empty: all.',
    default: [],
    examples: [['gpt-*', 'deepseek-chat']],
  }),
  may_relax_translation: optional(z.boolean(), {
    description:
      'Whether the header `x-llm-proxy-unsupported` may ask for less than `translation.unsupported` demands. More it may always ask for.',
    default: false,
  }),
  cache: optional(cachingSchema, {
    description: 'Caches the answers to this key, whatever the model. Left out: only models opt in.',
    examples: [{ ttl: 600 }],
  }),
  ...keyLimitsSchema.shape,
  ...keyOwnershipSchema.shape,
});

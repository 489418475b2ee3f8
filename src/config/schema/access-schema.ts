import { z } from 'zod';
import { cachingSchema } from './cache-schema.ts';
import { keyOwnershipSchema } from './owner-schema.ts';
import { flag, nameText, optional, secretText } from './setting.ts';

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
      'Number of requests that may arrive at once after a pause. Default: the requests of one second, at least 1.',
    examples: [150],
  }),
});

/** The limits of a key as the file states them. `compile/key-limits.ts` gives them the units of the program. */
const keyLimitsSchema = z.object({
  rate_limit: optional(rateLimitSchema, {
    description:
      'Rate limit of the key, checked before the body is read. It applies in addition to `limits`. Default: no limit.',
  }),
});
export type KeyLimitSettings = z.output<typeof keyLimitsSchema>;

/** A credential that clients present to the gateway. */
export const masterKeySchema = z.strictObject({
  name: nameText().meta({
    description: 'The unique name of the key in metrics and logs.',
    examples: ['Production Key'],
  }),
  key: secretText()
    .min(1)
    .meta({
      description: 'The secret that the client sends, or its SHA-256 as `sha256:` and 64 hexadecimal digits.',
      examples: ['${LLM_PROXY_KEY}'],
      writeOnly: true,
    }),
  enabled: optional(flag(), {
    description: 'false disables the key: it is treated like an unknown one.',
    default: true,
  }),
  allowed_models: optional(z.array(nameText()), {
    description:
      'Models that the key may use: exact names, or patterns with `*` for any text. An empty list allows all models.',
    default: [],
    examples: [['gpt-*', 'deepseek-chat']],
  }),
  may_relax_translation: optional(flag(), {
    description:
      'Whether the header `x-llm-proxy-unsupported` may request a more lenient mode than `translation.unsupported`. It may always request a stricter one.',
    default: false,
  }),
  cache: optional(cachingSchema, {
    description:
      'Caches the answers to this key for every model. Default: answers are cached only for models that opt in.',
    examples: [{ ttl: 600 }],
  }),
  ...keyLimitsSchema.shape,
  ...keyOwnershipSchema.shape,
});

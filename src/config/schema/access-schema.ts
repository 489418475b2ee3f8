import { z } from 'zod';
import { nameText, optional, secretText } from './setting.ts';

const rateLimitSchema = z.strictObject({
  requests_per_second: z
    .number()
    .min(0)
    .max(1_000_000)
    .meta({
      description:
        'Requests per second in the long run; fractions are fine: 0.5 is one in two seconds. 0 refuses all.',
      examples: [100],
    }),
  burst_size: optional(z.int().min(0).max(10_000_000), {
    description:
      'Requests that may come at once after a pause. Left out: one second of requests, at least 1.',
    examples: [150],
  }),
});

/** A credential that clients present to the gateway. */
export const masterKeySchema = z.strictObject({
  name: nameText().meta({
    description: 'What metrics and logs call it. Each name once.',
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
    description: 'false: the key is answered like an unknown one.',
    default: true,
  }),
  allowed_models: optional(z.array(nameText()), {
    description: 'Models that the key may use, exact or with `*` for any text. Left out or empty: all.',
    default: [],
    examples: [['gpt-*', 'deepseek-chat']],
  }),
  may_relax_translation: optional(z.boolean(), {
    description:
      'Whether the header `x-llm-proxy-unsupported` may ask for less than `translation.unsupported` demands. More it may always ask for.',
    default: false,
  }),
  rate_limit: optional(rateLimitSchema, {
    description: 'How many requests the key may make. Left out: no limit.',
  }),
});

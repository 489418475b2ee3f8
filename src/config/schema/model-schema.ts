import { z } from 'zod';
import { cachingSchema } from './cache-schema.ts';
import { DEFAULTS } from './defaults.ts';
import { flag, nameText, optional, seconds, text } from './setting.ts';
import { ownTranslationSchema, routeTranslationFields } from './translation-schema.ts';

const routeSchema = z.strictObject({
  backend: optional(nameText(), {
    description: 'Name of the provider that serves the model on this route.',
    examples: ['openai'],
  }),
  provider: optional(nameText(), {
    description: 'Synonym for `backend`. Set one of the two.',
    examples: ['openai'],
  }),
  model: optional(nameText(), {
    description: "The provider's name for the model. Default: the public name.",
    examples: ['gpt-4o'],
  }),
  priority: optional(z.int().min(0).max(1_000_000), {
    description:
      'Routes with lower numbers are tried first. Routes of one priority share requests by weight.',
    default: DEFAULTS.priority,
  }),
  weight: optional(z.number().min(0).max(1_000_000), {
    description:
      "Share of requests among routes of one priority. 0: only if no other route is left. Default: the provider's weight.",
    default: DEFAULTS.weight,
  }),
  enabled: optional(flag(), { description: 'false disables the route.', default: true }),
  ...routeTranslationFields,
});

const modelSchema = z.strictObject({
  enabled: optional(flag(), {
    description:
      'false disables the model: requests for it get 404. As a fallback of another model it is skipped, but its own fallbacks still apply.',
    default: true,
  }),
  rewrite_response_model: optional(flag(), {
    description:
      "Whether answers contain the name of this model instead of the provider's. Default: the top level's setting.",
    default: false,
  }),
  translation: optional(ownTranslationSchema, {
    description: 'Translation settings for this model. Each overrides the setting of the provider.',
  }),
  cache: optional(cachingSchema, {
    description:
      'Caches the answers of the model. Default: answers are cached only for keys that opt in. Settings of the key take precedence.',
    examples: [{ ttl: 600 }],
  }),
  routes: z
    .array(routeSchema)
    .min(1)
    .meta({
      description: 'The routes that serve the model.',
      examples: [[{ backend: 'openai', model: 'gpt-4o' }]],
    }),
});

/** Public model names with their routes. */
export const modelsSchema = z.record(nameText(), modelSchema);

/** The reaction to a failed route. */
export const fallbackSchema = z.strictObject({
  cooldown_seconds: optional(z.number().min(0).max(86_400), {
    description:
      'Seconds for which a failed route (a provider with a model) is skipped. A longer Retry-After from the provider applies instead. 0: no cooldown.',
    default: DEFAULTS.cooldownSeconds,
  }),
  max_retries: optional(z.int().min(0).max(1000), {
    description:
      'Maximum attempts per request over all routes and fallback models. 0: no limit, but each route is tried once.',
    default: DEFAULTS.maxRetries,
  }),
  retries: optional(z.int().min(0).max(100), {
    description:
      'Retries of the same route after a failure that may be transient, before the next route. Default: none, except one if no other route is left.',
    examples: [2],
  }),
  retry_backoff: optional(z.number().min(0).max(3600), {
    description:
      'Longest pause in seconds before the first retry. It doubles with each retry, and the actual pause is random up to it.',
    default: DEFAULTS.retryBackoffSeconds,
  }),
  max_retry_wait: optional(z.number().min(0).max(3600), {
    description: 'The longest Retry-After in seconds to wait for before retrying the same route.',
    default: DEFAULTS.maxRetryWaitSeconds,
  }),
  cooldown_on_client_errors: optional(flag(), {
    description:
      'Whether errors that the request caused (400, 404, 405, 409, 413, 415, 422, 501) also cool the provider, if `error_codes` lists them. A single bad request then makes a model unavailable to all clients for a while.',
    default: false,
  }),
  alias_fallback: optional(z.record(nameText(), z.array(nameText())), {
    description:
      'For each model, the models that replace it, in this order, if all of its routes fail. Each is followed by its own fallbacks, depth first, every model once.',
    default: {},
    examples: [{ 'anthropic/claude-opus-4-5': ['anthropic/claude-sonnet-4-5'] }],
  }),
});

const CODE_MESSAGE = 'must be a status from 300 to 599, or one of "3xx", "4xx" and "5xx"';

/** Rules that decide which responses count as failures of the provider. */
export const detectionSchema = z.strictObject({
  error_codes: optional(
    z.array(
      z.union([z.int().min(300).max(599), z.string().regex(/^[345]([xX]{2}|[0-9]{2})$/, CODE_MESSAGE)], {
        error: CODE_MESSAGE,
      }),
    ),
    {
      description:
        'HTTP statuses that count as a failure and lead to the next route: single ones such as 429, or classes such as "5xx".',
      default: DEFAULTS.errorCodes,
    },
  ),
  error_patterns: optional(z.array(text()), {
    description:
      'Texts that mark an error response as a failure if its body contains one, whatever its status. They are never searched for in the output of a model.',
    default: [],
    examples: [['insufficient_quota', 'billing']],
  }),
});

/** How requests are distributed. */
export const loadBalancingSchema = z.strictObject({
  strategy: optional(z.enum(['round_robin', 'random', 'least_busy', 'lowest_latency']), {
    description:
      '`round_robin`: in turn, by weight. `random`: at random, by weight. `least_busy`: the fewest requests in flight relative to weight. `lowest_latency`: the faster of two random routes. Default: `random` for models with `routes`, `round_robin` for all others.',
  }),
});

/** How providers are monitored. */
export const healthSchema = z.strictObject({
  probe_interval: optional(seconds(), {
    description:
      'Interval in seconds at which every provider is probed, independently of requests. 0: never.',
    default: DEFAULTS.probeIntervalSeconds,
  }),
  probe_timeout: optional(z.number().positive().max(600), {
    description: 'Time limit of a probe in seconds.',
    default: DEFAULTS.probeTimeoutSeconds,
  }),
  probe: optional(z.enum(['models', 'chat']), {
    description:
      '`models`: requests the list of models, which is free. `chat`: asks each model for one token.',
    default: DEFAULTS.probe,
  }),
});

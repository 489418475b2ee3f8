import { z } from 'zod';
import { DEFAULTS } from './defaults.ts';
import { nameText, optional, seconds } from './setting.ts';
import { ownTranslationSchema, routeTranslationFields } from './translation-schema.ts';

const routeSchema = z.strictObject({
  backend: optional(nameText(), {
    description: 'Name of the provider that serves the model on this route.',
    examples: ['openai'],
  }),
  provider: optional(nameText(), {
    description: 'Another word for `backend`. Set one of the two.',
    examples: ['openai'],
  }),
  model: optional(nameText(), {
    description: 'The name that the model has at the provider. Left out: the same as here.',
    examples: ['gpt-4o'],
  }),
  priority: optional(z.int().min(0).max(1_000_000), {
    description: 'Lower numbers are tried first. Routes of one priority share the requests by weight.',
    default: DEFAULTS.priority,
  }),
  weight: optional(z.number().min(0).max(1_000_000), {
    description:
      "Share of the requests among routes of one priority. 0: only when no other is left. Left out: the provider's weight.",
    default: DEFAULTS.weight,
  }),
  enabled: optional(z.boolean(), { description: 'false takes the route out of service.', default: true }),
  ...routeTranslationFields,
});

const modelSchema = z.strictObject({
  enabled: optional(z.boolean(), {
    description:
      'false takes the model out of service: requests for it get 404. As a fallback of another model it is skipped, its own fallbacks still hold.',
    default: true,
  }),
  rewrite_response_model: optional(z.boolean(), {
    description: "Whether answers name this model instead of the provider's. Left out: as at the top level.",
    default: false,
  }),
  translation: optional(ownTranslationSchema, {
    description: 'How requests for this model are translated, each in place of the setting of the provider.',
  }),
  routes: z
    .array(routeSchema)
    .min(1)
    .meta({
      description: 'The ways to serve the model.',
      examples: [[{ backend: 'openai', model: 'gpt-4o' }]],
    }),
});

/** Public model names with their routes. */
export const modelsSchema = z.record(nameText(), modelSchema);

/** The reaction to a failed route. */
export const fallbackSchema = z.strictObject({
  cooldown_seconds: optional(z.number().min(0).max(86_400), {
    description:
      'Seconds for which a provider with the model that failed there is left out. A longer Retry-After of the provider counts instead. 0: no cooldown.',
    default: DEFAULTS.cooldownSeconds,
  }),
  max_retries: optional(z.int().min(0).max(1000), {
    description:
      'Attempts for one request over all routes and fallback models together. 0: no limit, but each route once.',
    default: DEFAULTS.maxRetries,
  }),
  retries: optional(z.int().min(0).max(100), {
    description:
      'Further tries of the same route after a failure that may pass by itself, before the next route. Left out: none, but one where no other route is left.',
    examples: [2],
  }),
  retry_backoff: optional(z.number().min(0).max(3600), {
    description:
      'Longest pause in seconds before the first such retry, doubled with each one, then drawn at random.',
    default: DEFAULTS.retryBackoffSeconds,
  }),
  max_retry_wait: optional(z.number().min(0).max(3600), {
    description: 'The longest Retry-After in seconds that is waited for, to try the same route again.',
    default: DEFAULTS.maxRetryWaitSeconds,
  }),
  cooldown_on_client_errors: optional(z.boolean(), {
    description:
      'Whether errors that the request caused (400, 404, 405, 409, 413, 415, 422, 501) cool the provider as well, if `error_codes` lists them. Then one bad request takes a model away from everybody for a while.',
    default: false,
  }),
  alias_fallback: optional(z.record(nameText(), z.array(nameText())), {
    description:
      'For each model the models that stand in, in this order, when all its routes fail. Their own fallbacks follow each, depth first, every model once.',
    default: {},
    examples: [{ 'anthropic/claude-opus-4-5': ['anthropic/claude-sonnet-4-5'] }],
  }),
});

const CODE_MESSAGE = 'must be a status from 300 to 599, or one of "3xx", "4xx" and "5xx"';

/** What counts as a failure of the provider. */
export const detectionSchema = z.strictObject({
  error_codes: optional(
    z.array(
      z.union([z.int().min(300).max(599), z.string().regex(/^[345]([xX]{2}|[0-9]{2})$/, CODE_MESSAGE)], {
        error: CODE_MESSAGE,
      }),
    ),
    {
      description:
        'HTTP statuses that count as a failure and lead to the next route: one like 429, or a class like "5xx".',
      default: DEFAULTS.errorCodes,
    },
  ),
  error_patterns: optional(z.array(z.string().min(1)), {
    description:
      'Texts that make an error answer a failure when its body contains one, whatever its status. Never looked for in what a model says.',
    default: [],
    examples: [['insufficient_quota', 'billing']],
  }),
});

/** How requests are distributed. */
export const loadBalancingSchema = z.strictObject({
  strategy: optional(z.enum(['round_robin', 'random', 'least_busy', 'lowest_latency']), {
    description:
      '`round_robin`: in turn, by weight. `random`: at random, by weight. `least_busy`: the fewest requests in flight for its weight. `lowest_latency`: the faster of two at random. Left out: `random` for models with `routes`, `round_robin` for all others.',
  }),
});

/** How providers are monitored. */
export const healthSchema = z.strictObject({
  probe_interval: optional(seconds(), {
    description: 'Seconds between two tests of every provider, without a request for it. 0: none.',
    default: DEFAULTS.probeIntervalSeconds,
  }),
  probe_timeout: optional(z.number().positive().max(600), {
    description: 'Seconds that a provider has to pass a test.',
    default: DEFAULTS.probeTimeoutSeconds,
  }),
  probe: optional(z.enum(['models', 'chat']), {
    description: '`models`: lists the models, which costs nothing. `chat`: asks each model for one token.',
    default: DEFAULTS.probe,
  }),
});

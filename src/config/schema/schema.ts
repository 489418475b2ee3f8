import { z } from 'zod';
import { masterKeySchema } from './access-schema.ts';
import { cacheSchema } from './cache-schema.ts';
import { DEFAULTS } from './defaults.ts';
import {
  detectionSchema,
  fallbackSchema,
  healthSchema,
  loadBalancingSchema,
  modelsSchema,
} from './model-schema.ts';
import { limitList, limitOptionsSchema } from './limit-schema.ts';
import { teamSchema, userSchema } from './owner-schema.ts';
import { pricesSchema } from './prices-schema.ts';
import { providerSchema } from './provider-schema.ts';
import {
  adminSchema,
  consoleSchema,
  docsSchema,
  loggingSchema,
  metricsSchema,
  serverSchema,
  timeoutsSchema,
} from './server-schema.ts';
import { flag, optional, seconds, secretText, text } from './setting.ts';
import { alertSchema, attributionSchema, sharedStateSchema, spendSchema } from './spend-schema.ts';
import { translationSchema } from './translation-schema.ts';

/**
 * The configuration file. Both ways to write it are one schema and may be mixed: `providers`, `master_keys` and
 * `server`; or `backends`, `models`, `proxy_api_key` and `listen`.
 */
export const configSchema = z
  .strictObject({
    listen: optional(
      z.union([text(), z.int().min(0).max(65_535)], {
        error: 'must be an address such as ":8080"',
      }),
      {
        description:
          'Address to listen on, as ":8080", "127.0.0.1:8080" or "[::1]:8080". Replaces `server.host` and `server.port`. If omitted, those settings apply.',
        examples: [':8080'],
      },
    ),
    server: optional(serverSchema, { description: 'Where and how the gateway listens.' }),
    workers: optional(
      z.union([z.int().min(1).max(256), z.literal('auto')], {
        error: 'must be a whole number from 1 to 256, or "auto"',
      }),
      {
        description:
          'Processes that serve requests on one port; `auto` for one per processor. More than one is possible on Linux only. The environment variable LLM_PROXY_WORKERS and `--workers` override it.',
        default: DEFAULTS.workers,
      },
    ),
    proxy_api_key: optional(secretText().min(1), {
      description: 'One key for all clients: a master key called `default`, without a limit. Default: none.',
      examples: ['${LLM_PROXY_KEY}'],
      writeOnly: true,
    }),
    master_keys: optional(z.array(masterKeySchema), {
      description: 'The keys of the clients.',
      default: [],
    }),
    teams: optional(z.array(teamSchema), {
      description: 'Teams of keys, which share limits. Teams may contain teams.',
      default: [],
    }),
    users: optional(z.array(userSchema), {
      description: 'The users that keys belong to, across teams.',
      default: [],
    }),
    limits: optional(limitList(), {
      description: 'Limits on the combined use of all clients. Default: no limit.',
      examples: [[{ cost: 20_000, per: 'month' }, { concurrent: 500 }]],
    }),
    limits_options: optional(limitOptionsSchema, { description: 'Options for all limits.' }),
    allow_unauthenticated: optional(flag(), {
      description: 'Whether other machines may reach the gateway while there is no key at all.',
      default: false,
    }),
    public_models: optional(flag(), {
      description:
        'Whether /v1/models answers without a key, with the models that the configuration names. Default: true if `proxy_api_key` is the only key, otherwise false.',
    }),
    providers: optional(z.array(providerSchema), { description: 'The upstream accounts.', default: [] }),
    backends: optional(z.array(providerSchema), {
      description: 'Synonym for `providers`. If both lists are used, they are joined.',
      default: [],
    }),
    models: optional(modelsSchema, {
      description:
        'Public model names and the routes that serve them. With at least one entry, only models listed here or in a `model_mapping` are served. Without entries, a provider that has no `model_mapping` serves any model.',
      default: {},
    }),
    rewrite_response_model: optional(flag(), {
      description:
        "Whether answers contain the model name that the client asked for instead of the provider's.",
      default: false,
    }),
    stream_usage: optional(z.enum(['include', 'passthrough']), {
      description:
        '`include`: requests token usage for streams even if the client did not. `passthrough`: leaves requests as they are.',
      default: 'include',
    }),
    load_balancing: optional(loadBalancingSchema, {
      description: 'How requests are distributed over routes.',
    }),
    fallback: optional(fallbackSchema, { description: 'What happens when a route fails.' }),
    translation: optional(translationSchema, {
      description: "How requests are translated where a provider does not speak the client's API.",
    }),
    cache: optional(cacheSchema, {
      description: 'Memory for cached answers. Models and keys opt in with their own `cache`.',
    }),
    detection: optional(detectionSchema, { description: 'What counts as a failure.' }),
    timeouts: optional(timeoutsSchema, { description: 'Timeouts of the gateway and its providers.' }),
    health: optional(healthSchema, { description: 'Probes of the providers.' }),
    max_body_mb: optional(z.number().positive().max(4096), {
      description: 'The largest request body in MiB. A larger one gets 413.',
      default: DEFAULTS.maxBodyMb,
    }),
    body_memory_mb: optional(z.number().positive().max(1_048_576), {
      description:
        'Memory in MiB for request bodies that are still being received, in each worker. One key may hold half of what is free. ' +
        'Default: a quarter of the memory, divided among the workers, and at least four bodies of `max_body_mb`.',
    }),
    drain_timeout: optional(seconds(), {
      description: 'Seconds for requests in flight to finish after SIGTERM. 0: none.',
      default: DEFAULTS.drainTimeoutSeconds,
    }),
    logging: optional(loggingSchema, { description: 'What is logged, and where.' }),
    metrics: optional(metricsSchema, { description: 'Prometheus metrics.' }),
    prices: optional(pricesSchema, { description: 'What requests cost.' }),
    spend: optional(spendSchema, { description: 'Where recorded use is kept.' }),
    shared_state: optional(sharedStateSchema, {
      description: 'How gateways on one database share limits.',
    }),
    attribution: optional(attributionSchema, {
      description: 'What is stored about end users.',
    }),
    alerts: optional(z.array(alertSchema).max(20), {
      description: 'Webhooks that are notified when limits are reached, keys expire or prices are missing.',
      default: [],
    }),
    docs: optional(docsSchema, { description: 'The page about the API.' }),
    console: optional(consoleSchema, { description: 'The page for operators.' }),
    admin: optional(adminSchema, { description: 'The Admin API.' }),
  })
  .meta({
    title: 'llm-proxy configuration',
    description:
      'Strings may use ${VAR} and ${VAR:-default} for environment variables, and ${file:/path} and ${file:/path:-default} for the contents of a file; $${ is a literal ${.',
  });

/** A configuration file of the right shape. Compiling it checks its references. */
export type ConfigFile = z.output<typeof configSchema>;

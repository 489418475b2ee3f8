import { z } from 'zod';

const COUNT = z.int().min(0);
const MS = z.number().min(0);
const VERDICT = z.enum(['healthy', 'unhealthy']);
const ERROR = z.string().nullable();

/**
 * The responses of the gateway's own endpoints, by their names in the document. A test compares them with real
 * responses.
 */
export const ANSWERS = {
  ModelObject: z.object({
    id: z.string(),
    object: z.literal('model'),
    created: COUNT.meta({
      description: 'Seconds since 1970: as its provider says, else when the configuration was loaded.',
    }),
    owned_by: z.string().meta({ description: 'The provider of its first route.' }),
  }),
  OwnKey: z.object({
    name: z.string(),
    team: z.string().nullable(),
    user: z.string().nullable(),
    expires_at: z.iso.datetime().nullable(),
    allowed_models: z.array(z.string()).meta({ description: 'Names and patterns. Empty: all.' }),
    limits: z.array(
      z.object({
        id: z.string(),
        scope: z.enum(['global', 'team', 'team_user', 'user', 'key']),
        kind: z.enum(['cost', 'tokens', 'input_tokens', 'output_tokens', 'requests', 'concurrent']),
        per: z.string().nullable(),
        amount: z.number().meta({ description: 'US dollars for `cost`.' }),
        used: z.number().nullable().meta({ description: 'null, here and below: not known at the moment.' }),
        held: z.number().nullable().meta({ description: 'Reserved for requests under way.' }),
        remaining: z.number().nullable(),
        resets_at: z.iso.datetime().nullable(),
        on_exceed: z.enum(['refuse', 'warn']),
        counted_by: z.enum(['this machine', 'all machines']),
      }),
    ),
    spend: z
      .object({ today: z.number(), month: z.number() })
      .nullable()
      .meta({ description: 'US dollars. null: it is not stored, or cannot be asked.' }),
  }),
  Health: z.object({
    status: z.enum(['ok', 'draining']),
    version: z.string(),
    uptime_seconds: COUNT,
    config_version: COUNT,
    providers: z.object({
      total: COUNT,
      cooling: COUNT.meta({
        description: 'Those with a route that is left out for a while after a failure.',
      }),
    }),
    models: COUNT,
    database: z
      .object({
        status: z.enum(['ok', 'unreachable', 'not_adopted']).meta({
          description:
            'unreachable: it did not answer when it was last asked. not_adopted: it is another one or went back, and the configuration in force stays.',
        }),
        seconds_since_answer: COUNT,
        reason: z.string().optional(),
      })
      .optional()
      .meta({ description: 'In database mode.' }),
  }),
  DetailedHealth: z.object({
    status: z.enum(['ok', 'degraded', 'down']),
    probe: z.enum(['models', 'chat']),
    checked_at: z.iso.datetime(),
    healthy: COUNT,
    total: COUNT,
    providers: z.array(
      z.object({
        name: z.string(),
        status: VERDICT,
        latency_ms: MS,
        cooldown_seconds: MS.meta({ description: 'How long one of its routes is left out yet.' }),
        last_error: ERROR,
        last_error_at: z.iso.datetime().nullable(),
        model_list: z
          .object({ models: COUNT, fetched_at: z.iso.datetime().nullable(), error: ERROR })
          .optional()
          .meta({
            description: 'What it lists of its models, where the configuration does not name all of them.',
          }),
        missing_apis: z
          .array(z.string())
          .optional()
          .meta({ description: 'APIs that it was found to lack, and that requests are translated from.' }),
        models: z
          .array(z.object({ model: z.string(), status: VERDICT, latency_ms: MS, error: ERROR }))
          .optional()
          .meta({ description: 'Where each model was asked for one token.' }),
      }),
    ),
  }),
} as const;

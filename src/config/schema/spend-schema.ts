import { z } from 'zod';
import { ALERT_EVENTS, DEFAULT_SHARED_STATE, DEFAULT_SPEND } from '../spend-settings.ts';
import { flag, optional } from './setting.ts';

/** `spend`. */
export const spendSchema = z.strictObject({
  store: optional(z.string().regex(/^sqlite:\/\/.+/, 'must be sqlite:// and a path'), {
    description:
      'In file mode, the database in which use is recorded. It is created when a limit first needs it. Not used in database mode, where use is recorded in the configuration database.',
    default: DEFAULT_SPEND.store,
  }),
  journal: optional(z.string().min(1).max(1000), {
    description:
      'Directory of the journal, which preserves recorded use across a crash. Gateways cannot share a directory. `memory` disables the journal, so a restart loses the recorded use of limits. Default: `.llm-proxy/journal`, or a directory next to it if another gateway already uses it.',
    examples: ['/var/lib/llm-proxy/journal', 'memory'],
  }),
  fsync: optional(z.number().min(0).max(3600), {
    description: 'Seconds between syncs of the journal to disk. 0: after each line.',
    default: DEFAULT_SPEND.fsyncMs / 1000,
  }),
  on_full: optional(z.enum(['serve', 'refuse']), {
    description:
      'What happens while the journal cannot be written. `serve` keeps serving requests, but a crash loses their recorded use. `refuse` answers requests with 503.',
    default: DEFAULT_SPEND.onFull,
  }),
  journal_max_mb: optional(z.number().min(16).max(1_048_576), {
    description: 'The size in MiB at which the journal counts as full.',
    default: DEFAULT_SPEND.maxJournalBytes / 1024 / 1024,
  }),
  journal_allow_network: optional(flag(), {
    description: 'Whether the journal may be on a network disk, where each write takes milliseconds.',
    default: false,
  }),
});

/** `shared_state`. */
export const sharedStateSchema = z.strictObject({
  driver: optional(z.enum(['auto', 'postgres', 'redis', 'none']), {
    description:
      'How several gateways share limits. `postgres`: they take leases from the configuration database. `redis`: they take leases from Redis or Valkey. `none`: each gateway counts on its own. `auto`: `postgres` if the configuration is in PostgreSQL, else `none`. Changes of `shared_state` take effect after a restart.',
    default: DEFAULT_SHARED_STATE.driver,
  }),
  url: optional(
    z.string().regex(/^(?:redis|valkey)s?(?:\+sentinel)?:\/\/./, 'must be a redis:// or rediss:// URL'),
    {
      description:
        'Address of Redis 6.2 or later, or of Valkey. `rediss://` uses TLS. With Sentinel: `redis+sentinel://USER:PASSWORD@HOST:26379,HOST:26379/NAME/DATABASE`. If omitted, `driver` cannot be `redis`.',
      examples: ['rediss://:${REDIS_PASSWORD}@redis.internal:6379/0'],
      writeOnly: true,
    },
  ),
  ca_file: optional(z.string().min(1), {
    description:
      'PEM file with the certificate authorities that the certificate of Redis is checked against. Default: those of the system.',
    examples: ['/etc/llm-proxy/redis-ca.pem'],
  }),
  namespace: optional(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'may contain letters, digits, _, . and -'), {
    description:
      'Distinguishes installations that use the same Redis. Default: a random id in the configuration database; in file mode `llm-proxy`.',
    examples: ['staging'],
  }),
  deadline_ms: optional(z.number().int().min(5).max(5000), {
    description:
      'Milliseconds that a request waits for the store when its gateway has no lease left. After them the gateway uses its reserve.',
    default: DEFAULT_SHARED_STATE.deadlineMs,
  }),
  lease_percent: optional(z.number().min(0.01).max(50), {
    description: 'Maximum share of a limit that a gateway leases at once, in percent.',
    default: DEFAULT_SHARED_STATE.leasePercent,
  }),
  money: optional(z.enum(['share', 'closed', 'open']), {
    description:
      'What happens to requests with limits of a day or longer while the store does not answer. `share`: a gateway uses its leases and a reserve that it took before, then answers 503. `closed`: it keeps no reserve. `open`: it serves and counts all of them, so limits may be exceeded.',
    default: DEFAULT_SHARED_STATE.money,
  }),
  forget: optional(z.enum(['release', 'spent']), {
    description:
      'What happens to the leases of a gateway that was silent for ten minutes, for limits of a day or longer. `release`: the others may use them. `spent`: they count as spent until the gateway is back, `llm-proxy nodes release` frees them, or the window ends. A gateway that is cut off then uses its leases for as long as that lasts.',
    default: DEFAULT_SHARED_STATE.forget,
  }),
  exact: optional(z.boolean(), {
    description:
      'Whether each request asks the store, instead of using leases that the gateway took in advance. Needs `driver: redis`.',
    default: DEFAULT_SHARED_STATE.isExact,
  }),
});

/** `attribution`. */
export const attributionSchema = z.strictObject({
  end_user: optional(z.enum(['store', 'hash', 'off']), {
    description:
      'How the end user of a request is stored. `store`: as plain text. `hash`: as a keyed hash, which requires SECRET_KEY. `off`: not at all. Default: `store`, but only for keys that set `end_users` or `per_end_user`.',
    examples: ['hash'],
  }),
});

/** An entry of `alerts`. */
export const alertSchema = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\//, 'must be a URL that begins with https:// or http://')
    .meta({
      description: 'URL to which alerts are sent by POST.',
      examples: ['https://hooks.example.com/llm'],
      writeOnly: true,
    }),
  secret: optional(z.string().min(1).max(1000), {
    description:
      'Secret that signs the alerts. The signature is sent in the header `x-llm-proxy-signature`. Default: alerts are not signed.',
    examples: ['${HOOK_SECRET}'],
    writeOnly: true,
  }),
  events: optional(z.array(z.enum(ALERT_EVENTS)).min(1), {
    description: 'Events to send. Default: all events.',
    examples: [['limit.threshold', 'limit.exceeded']],
  }),
});

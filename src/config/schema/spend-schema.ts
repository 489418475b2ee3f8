import { z } from 'zod';
import { ALERT_EVENTS, DEFAULT_SHARED_STATE, DEFAULT_SPEND } from '../spend-settings.ts';
import { optional } from './setting.ts';

/** `spend`. */
export const spendSchema = z.strictObject({
  store: optional(z.string().regex(/^sqlite:\/\/.+/, 'must be sqlite:// and a path'), {
    description:
      'In file mode, the database that use is counted in. It is made once a limit needs it. In database mode the database itself counts, and this is left out.',
    default: DEFAULT_SPEND.store,
  }),
  journal: optional(z.string().min(1).max(1000), {
    description:
      'The folder of the journal, which survives a crash. One gateway uses it alone. `memory`: no journal, and a restart forgets what limits have used. Left out: `.llm-proxy/journal`, or a folder beside it if another gateway uses that.',
    examples: ['/var/lib/llm-proxy/journal', 'memory'],
  }),
  fsync: optional(z.number().min(0).max(3600), {
    description: 'Seconds between forcing the journal to disk. 0: after each line.',
    default: DEFAULT_SPEND.fsyncMs / 1000,
  }),
  on_full: optional(z.enum(['serve', 'refuse']), {
    description:
      'What happens while the journal cannot be written. `serve`: requests go on, and a crash loses their use. `refuse`: they get 503.',
    default: DEFAULT_SPEND.onFull,
  }),
  journal_max_mb: optional(z.number().min(16).max(1_048_576), {
    description: 'The size in MiB at which the journal counts as full.',
    default: DEFAULT_SPEND.maxJournalBytes / 1024 / 1024,
  }),
  journal_allow_network: optional(z.boolean(), {
    description: 'Whether the journal may be on a network disk, where each write takes milliseconds.',
    default: false,
  }),
});

/** `shared_state`. */
export const sharedStateSchema = z.strictObject({
  driver: optional(z.enum(['auto', 'none', 'postgres']), {
    description:
      'How several gateways on one database keep limits of a day or longer together. `postgres`: each takes leases from the database. `none`: each counts for itself. `auto`: `none`, for now. Read at the start.',
    default: 'auto',
  }),
  deadline_ms: optional(z.number().int().min(5).max(5000), {
    description: 'Milliseconds that a request waits for the database when its gateway has no lease left.',
    default: DEFAULT_SHARED_STATE.deadlineMs,
  }),
  lease_percent: optional(z.number().min(0.01).max(50), {
    description: 'The most of a limit that one gateway takes at once, in percent.',
    default: DEFAULT_SHARED_STATE.leasePercent,
  }),
});

/** `attribution`. */
export const attributionSchema = z.strictObject({
  end_user: optional(z.enum(['store', 'hash', 'off']), {
    description:
      'How the end user of a request is stored. `store`: as it is; `hash`: as a keyed hash, for which SECRET_KEY is needed; `off`: not at all. Left out: `store`, but only for keys that set `end_users` or `per_end_user`.',
    examples: ['hash'],
  }),
});

/** An entry of `alerts`. */
export const alertSchema = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\//, 'must be a URL that begins with https:// or http://')
    .meta({
      description: 'Where alerts are sent, by POST.',
      examples: ['https://hooks.example.com/llm'],
      writeOnly: true,
    }),
  secret: optional(z.string().min(1).max(1000), {
    description: 'Signs what is sent, in `x-llm-proxy-signature`. Left out: nothing is signed.',
    examples: ['${HOOK_SECRET}'],
    writeOnly: true,
  }),
  events: optional(z.array(z.enum(ALERT_EVENTS)).min(1), {
    description: 'The events that are sent. Left out: all.',
    examples: [['limit.threshold', 'limit.exceeded']],
  }),
});

import { z } from 'zod';
import { WEEKDAYS } from '../../limits/claim.ts';
import { nameText, optional } from './setting.ts';

/** What a limit may count; the setting's name is the kind. */
export const LIMIT_KINDS = [
  'cost',
  'tokens',
  'input_tokens',
  'output_tokens',
  'requests',
  'concurrent',
] as const;

export const PERIODS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const;

/** YAML reads 400_000 as text. */
const AMOUNT = /^\d[\d_]{0,20}(?:\.\d{1,12})?[kM]?$/;

const AMOUNT_ERROR = 'must be a number that is not negative, such as 400000, 400_000, 400k or 2M';

const amount = () =>
  z.union([z.number(AMOUNT_ERROR).min(0), z.string().regex(AMOUNT, AMOUNT_ERROR)], {
    error: AMOUNT_ERROR,
  });

const timezone = () => z.string().min(1).max(64);

const hold = () => z.enum(['expected', 'maximum']);

/** An entry of a list of limits: what a scope may use in a period. */
export const limitSchema = z.strictObject({
  cost: optional(amount(), {
    description: 'Dollars, at most 9000000. Left out: money is not limited here.',
    examples: [50],
  }),
  tokens: optional(amount(), {
    description: 'Tokens of input and output. Left out: not limited here.',
    examples: ['400k'],
  }),
  input_tokens: optional(amount(), { description: 'Tokens of input. Left out: not limited here.' }),
  output_tokens: optional(amount(), { description: 'Tokens of output. Left out: not limited here.' }),
  requests: optional(amount(), { description: 'Requests. Left out: not limited here.', examples: [60] }),
  concurrent: optional(amount(), {
    description: 'Requests under way at the same time; takes no `per`. Left out: not limited here.',
    examples: [8],
  }),
  per: optional(z.enum(PERIODS), {
    description:
      'The period of the amount. `second`, `minute` and `hour` refill all the time; `day`, `week` and `month` begin anew by the calendar; `total` never does. Left out only with `concurrent`.',
    examples: ['month'],
  }),
  burst: optional(amount(), {
    description:
      'With a period under a day: how much may be used at once after a pause. Left out: the amount itself, so the minute after a pause may use twice as much.',
  }),
  models: optional(z.array(nameText()).min(1), {
    description:
      'Counts only requests for these public models: names, or patterns with `*` for any text. Left out: all.',
    examples: [['claude-opus-*']],
  }),
  timezone: optional(timezone(), {
    description:
      "The IANA time zone of days, weeks and months. Left out: the team's, else `limits_options.timezone`.",
    examples: ['Europe/Berlin'],
  }),
  week_starts: optional(z.enum(WEEKDAYS), {
    description: 'With `per: week`: its first day.',
    default: 'monday',
  }),
  start: optional(z.string().min(1).max(40), {
    description:
      'With `per: total`: what was used before this day, or moment, does not count. Left out: all that is known counts.',
    examples: ['2026-12-01'],
  }),
  hold: optional(hold(), {
    description:
      'What a request reserves until its use is known. `expected`: what such requests usually use; the last one may go over. `maximum`: all that it may use; the limit is never passed. Left out: `limits_options.hold`.',
  }),
  on_exceed: optional(z.enum(['refuse', 'warn']), {
    description: '`warn`: never refuses; it warns in a header, in metrics and by an alert.',
    default: 'refuse',
  }),
  alert_at: optional(z.array(z.number().gt(0).max(1000)).max(10), {
    description:
      'Percentages of the amount at which `alerts` are sent. Left out: 50, 80, 95 and 100 for money, 100 with `on_exceed: warn`, otherwise none.',
    examples: [[80, 100]],
  }),
  count_cached: optional(z.boolean(), {
    description: "Whether tokens that are read from a provider's cache count.",
    default: true,
  }),
  id: optional(z.string().regex(/^[\w.:/-]{1,64}$/, 'must be 1 to 64 letters, digits or any of _ . : / -'), {
    description:
      'What its use is counted by: while the id stays, the use stays, whatever else changes. Left out: `cost/month` and the like.',
    examples: ['warn'],
  }),
});
export type LimitFile = z.output<typeof limitSchema>;

/** A list of limits, all of which hold. */
export const limitList = () => z.array(limitSchema).max(100);

/** `limits_options`. */
export const limitOptionsSchema = z.strictObject({
  timezone: optional(timezone(), {
    description: 'The IANA time zone of days, weeks and months, where neither limit nor team names one.',
    default: 'UTC',
  }),
  hold: optional(hold(), {
    description: 'What a request reserves where its limit does not say.',
    default: 'expected',
  }),
  budget_status: optional(z.union([z.literal(429), z.literal(402)], { error: 'must be 429 or 402' }), {
    description: 'The status of the refusal when a limit on `cost` is used up.',
    default: 429,
  }),
  grace_after_expiry: optional(z.number().min(0).max(31_536_000), {
    description: 'Seconds for which a key goes on working after `expires_at`.',
    default: 0,
  }),
  refund_failed: optional(z.boolean(), {
    description: 'Whether requests that no provider answered are given back to limits on `requests`.',
    default: false,
  }),
  show_team_limits: optional(z.boolean(), {
    description: 'Whether the holder of a key sees the limits of its teams.',
    default: false,
  }),
});

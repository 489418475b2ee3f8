import { z } from 'zod';
import { WEEKDAYS } from '../../limits/claim.ts';
import { PERIODS } from './limit-words.ts';
import { flag, nameText, once, optional } from './setting.ts';

/** YAML reads 400_000 as text. */
const AMOUNT = /^\d[\d_]{0,20}(?:\.\d{1,12})?[kM]?$/;

const AMOUNT_ERROR = 'must be a number that is not negative, such as 400000, 400_000, 400k or 2M';

const amount = once(() =>
  z.union([z.number(AMOUNT_ERROR).min(0), z.string().regex(AMOUNT, AMOUNT_ERROR)], {
    error: AMOUNT_ERROR,
  }),
);

const timezone = once(() => z.string().min(1).max(64));

const hold = once(() => z.enum(['expected', 'maximum']));

/** An entry of a list of limits: what a scope may use in a period. */
export const limitSchema = z.strictObject({
  cost: optional(amount(), {
    description: 'US dollars, at most 9000000. Default: no limit on cost.',
    examples: [50],
  }),
  tokens: optional(amount(), {
    description: 'Input and output tokens together. Default: no limit on tokens.',
    examples: ['400k'],
  }),
  input_tokens: optional(amount(), { description: 'Input tokens. Default: no limit on input tokens.' }),
  output_tokens: optional(amount(), { description: 'Output tokens. Default: no limit on output tokens.' }),
  requests: optional(amount(), {
    description: 'Number of requests. Default: no limit on requests.',
    examples: [60],
  }),
  concurrent: optional(amount(), {
    description: 'Requests in flight at the same time. It takes no `per`. Default: no limit on concurrency.',
    examples: [8],
  }),
  per: optional(z.enum(PERIODS), {
    description:
      'The period of the limit. `second`, `minute` and `hour` refill continuously. `day`, `week` and `month` reset at calendar boundaries. `total` never resets. Required unless the limit is on `concurrent`.',
    examples: ['month'],
  }),
  burst: optional(amount(), {
    description:
      'The amount that may be used at once after a pause, if the period is shorter than a day. Default: the amount itself, so up to twice the amount may be used in the first period after a pause.',
  }),
  models: optional(z.array(nameText()).min(1), {
    description:
      'Public models to which the limit applies: names, or patterns with `*` for any text. Default: all models.',
    examples: [['claude-opus-*']],
  }),
  timezone: optional(timezone(), {
    description:
      "IANA time zone of days, weeks and months. Default: the team's time zone, else `limits_options.timezone`.",
    examples: ['Europe/Berlin'],
  }),
  week_starts: optional(z.enum(WEEKDAYS), {
    description: 'The first day of the week, with `per: week`.',
    default: 'monday',
  }),
  start: optional(z.string().min(1).max(40), {
    description:
      'With `per: total`, a date or time. Earlier use does not count. Default: all recorded use counts.',
    examples: ['2026-12-01'],
  }),
  hold: optional(hold(), {
    description:
      'How much a request reserves until its use is known. `expected` reserves the usual use of similar requests, so the last request may exceed the limit. `maximum` reserves the most that the request can use, so the limit is never exceeded. Default: `limits_options.hold`.',
  }),
  on_exceed: optional(z.enum(['refuse', 'warn']), {
    description:
      'What happens when the limit is reached. `refuse` refuses the request. `warn` lets it through and warns in a header, in the metrics and by an alert.',
    default: 'refuse',
  }),
  alert_at: optional(z.array(z.number().gt(0).max(1000)).max(10), {
    description:
      'Percentages of the limit at which `alerts` are sent. Default: 50, 80, 95 and 100 for limits on cost, 100 with `on_exceed: warn`, otherwise none.',
    examples: [[80, 100]],
  }),
  count_cached: optional(flag(), {
    description: "Whether tokens that are read from a provider's cache count.",
    default: true,
  }),
  id: optional(z.string().regex(/^[\w.:/-]{1,64}$/, 'must be 1 to 64 letters, digits or any of _ . : / -'), {
    description:
      "Identifier of the limit's counter. The recorded use is kept as long as the id stays the same, even if other settings change. Default: the kind and the period, such as `cost/month`.",
    examples: ['warn'],
  }),
});
export type LimitFile = z.output<typeof limitSchema>;

/** A list of limits, all of which hold. */
export const limitList = () => z.array(limitSchema).max(100);

/** `limits_options`. */
export const limitOptionsSchema = z.strictObject({
  timezone: optional(timezone(), {
    description:
      'IANA time zone of days, weeks and months for limits that have no time zone of their own or of their team.',
    default: 'UTC',
  }),
  hold: optional(hold(), {
    description: 'How much a request reserves for limits without a `hold` of their own.',
    default: 'expected',
  }),
  budget_status: optional(z.union([z.literal(429), z.literal(402)], { error: 'must be 429 or 402' }), {
    description: 'HTTP status of the refusal when a limit on `cost` is used up.',
    default: 429,
  }),
  grace_after_expiry: optional(z.number().min(0).max(31_536_000), {
    description: 'Seconds for which a key keeps working after `expires_at`.',
    default: 0,
  }),
  refund_failed: optional(flag(), {
    description: 'Whether requests that no provider answered are credited back to limits on `requests`.',
    default: false,
  }),
  show_team_limits: optional(flag(), {
    description: 'Whether the holder of a key sees the limits of its teams.',
    default: false,
  }),
});

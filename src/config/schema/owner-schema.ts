import { z } from 'zod';
import { limitList } from './limit-schema.ts';
import { nameText, optional } from './setting.ts';

const tagName = () =>
  z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/, 'must be 1 to 32 letters, digits or any of _ . -');

const tagValue = () =>
  z
    .string()
    .max(64)
    .refine((text) => !/[\p{Cc},]/u.test(text), 'must not contain a comma or control characters');

/** Tags with fixed values. */
const tags = () =>
  z
    .record(tagName(), tagValue())
    .refine((given) => Object.keys(given).length <= 16, 'must have at most 16 tags');

const formerName = (of: string) =>
  optional(nameText(), {
    description: `The first name of the ${of}, if it had another one: its use is still counted under it. Left out: it was never renamed.`,
  });

/** A team: keys whose use is counted together. */
export const teamSchema = z.strictObject({
  name: nameText().meta({ description: 'Its unique name.', examples: ['search'] }),
  parent: optional(nameText(), {
    description:
      'The team that it belongs to, whose limits hold too. At most 3 levels. Left out: it is at the top.',
    examples: ['acme'],
  }),
  timezone: optional(z.string().min(1).max(64), {
    description:
      "The IANA time zone of its limits, and of those of its keys and of the teams below it. Left out: the parent's, else `limits_options.timezone`.",
    examples: ['Europe/Berlin'],
  }),
  allowed_models: optional(z.array(nameText()), {
    description:
      'Models that its keys may use: names, or patterns with `*` for any text. A key may use what its own list and the list of every team above it allow. Left out or empty: all.',
    default: [],
    examples: [['gpt-*']],
  }),
  tags: optional(tags(), {
    description: 'Tags of all its requests, for reports. Left out: none.',
    examples: [{ cost_center: '4711' }],
  }),
  limits: optional(limitList(), { description: 'What its keys may use together. Left out: no limit.' }),
  per_user: optional(limitList(), {
    description:
      'What each user may use in this team and the teams below it. A key without a `user` counts as a user of its own. Left out: no limit.',
  }),
  renamed_from: formerName('team'),
});

/** A user: a person or program whose use is counted over all keys. */
export const userSchema = z.strictObject({
  name: nameText().meta({ description: 'Its unique name.', examples: ['alice'] }),
  email: optional(z.string().min(3).max(254), {
    description: 'An address, for people. Left out: none.',
    examples: ['alice@example.com'],
  }),
  limits: optional(limitList(), {
    description: 'What all keys of the user may use together. Left out: no limit.',
  }),
  renamed_from: formerName('user'),
});

/** The settings of a master key that say whose it is, and what it may use. */
export const keyOwnershipSchema = z.object({
  team: optional(nameText(), {
    description: 'The team of `teams` that it belongs to. Left out: none.',
    examples: ['search'],
  }),
  user: optional(nameText(), {
    description: 'The user of `users` that it belongs to. Left out: none.',
    examples: ['alice'],
  }),
  expires_at: optional(
    z
      .string()
      .regex(
        /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/,
        'must be a time with its zone, such as "2027-03-31T00:00:00Z"',
      )
      .refine((text) => Number.isFinite(Date.parse(text)), 'is no date of the calendar'),
    { description: 'When it stops working. Left out: never.', examples: ['2027-03-31T00:00:00Z'] },
  ),
  tags: optional(tags(), {
    description: 'Tags of all its requests, for reports. Clients cannot change them. Left out: none.',
    examples: [{ app: 'web' }],
  }),
  client_tags: optional(z.array(tagName()).max(16), {
    description: 'Names of the tags that clients may set in the header `x-llm-proxy-tags`.',
    default: [],
    examples: [['feature', 'tenant']],
  }),
  end_users: optional(z.enum(['off', 'optional', 'required']), {
    description:
      'Whether requests name the person behind them. `required`: those that do not are refused; `off`: a name is dropped. Left out: `optional` if there is `per_end_user` or `attribution`, otherwise `off`.',
  }),
  per_end_user: optional(limitList(), {
    description:
      'What each end user of the key may use. Requests that name none share the limits of one. Left out: no limit.',
    examples: [[{ requests: 30, per: 'minute' }]],
  }),
  limits: optional(limitList(), {
    description:
      'What the key may use. All limits hold, also those of its team and user. Left out: no limit.',
    examples: [[{ cost: 50, per: 'month' }]],
  }),
  self_rotate: optional(z.boolean(), {
    description: 'Whether its holder may replace the secret at `POST /v1/key/rotate`. In database mode.',
    default: false,
  }),
  renamed_from: formerName('key'),
});
export type KeyOwnershipFile = z.output<typeof keyOwnershipSchema>;

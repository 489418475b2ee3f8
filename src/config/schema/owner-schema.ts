import { z } from 'zod';
import { limitList } from './limit-schema.ts';
import { RULES } from './rules.ts';
import { flag, nameText, optional } from './setting.ts';

const tagName = () =>
  z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/, 'must be 1 to 32 letters, digits or any of _ . -');

const tagValue = () =>
  z
    .string()
    .max(64)
    .refine(RULES.hasNoCommaOrControlCharacter, 'must not contain a comma or control characters');

/** Tags with fixed values. */
const tags = () =>
  z.record(tagName(), tagValue()).refine(RULES.hasAtMost16Entries, 'must have at most 16 tags');

const formerName = (of: string) =>
  optional(nameText(), {
    description: `The first name of the ${of}, if it was renamed. Its use is still counted under that name. Default: never renamed.`,
  });

/** A team: keys whose use is counted together. */
export const teamSchema = z.strictObject({
  name: nameText().meta({ description: 'The unique name of the team.', examples: ['search'] }),
  parent: optional(nameText(), {
    description:
      'The parent team, whose limits also apply. Teams may be nested up to 3 levels deep. Default: no parent.',
    examples: ['acme'],
  }),
  timezone: optional(z.string().min(1).max(64), {
    description:
      "IANA time zone for the limits of the team, its keys and the teams below it. Default: the parent's time zone, else `limits_options.timezone`.",
    examples: ['Europe/Berlin'],
  }),
  allowed_models: optional(z.array(nameText()), {
    description:
      'Models that keys of the team may use: names, or patterns with `*` for any text. A key may use a model only if its own list and the list of every team above it allow the model. An empty list allows all models.',
    default: [],
    examples: [['gpt-*']],
  }),
  tags: optional(tags(), {
    description: 'Tags for all requests of the team, used in reports. Default: none.',
    examples: [{ cost_center: '4711' }],
  }),
  limits: optional(limitList(), {
    description: 'Limits on the combined use of all keys of the team. Default: no limit.',
  }),
  per_user: optional(limitList(), {
    description:
      'Limits for each user within this team and the teams below it. A key without a `user` counts as a user of its own. Default: no limit.',
  }),
  renamed_from: formerName('team'),
});

/** A user: a person or program whose use is counted over all keys. */
export const userSchema = z.strictObject({
  name: nameText().meta({ description: 'The unique name of the user.', examples: ['alice'] }),
  email: optional(z.string().min(3).max(254), {
    description: 'Email address, for information only. Default: none.',
    examples: ['alice@example.com'],
  }),
  limits: optional(limitList(), {
    description: 'Limits on the combined use of all keys of the user. Default: no limit.',
  }),
  renamed_from: formerName('user'),
});

/** The settings of a master key that say whose it is, and what it may use. */
export const keyOwnershipSchema = z.object({
  team: optional(nameText(), {
    description: 'The team of the key, from `teams`. Default: none.',
    examples: ['search'],
  }),
  user: optional(nameText(), {
    description: 'The user of the key, from `users`. Default: none.',
    examples: ['alice'],
  }),
  expires_at: optional(
    z
      .string()
      .regex(
        /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/,
        'must be a time with its zone, such as "2027-03-31T00:00:00Z"',
      )
      .refine(RULES.isDateOfCalendar, 'is no date of the calendar'),
    { description: 'Time at which the key expires. Default: never.', examples: ['2027-03-31T00:00:00Z'] },
  ),
  tags: optional(tags(), {
    description:
      'Tags for all requests of the key, used in reports. Clients cannot change them. Default: none.',
    examples: [{ app: 'web' }],
  }),
  client_tags: optional(z.array(tagName()).max(16), {
    description: 'Names of the tags that clients may set in the header `x-llm-proxy-tags`.',
    default: [],
    examples: [['feature', 'tenant']],
  }),
  end_users: optional(z.enum(['off', 'optional', 'required']), {
    description:
      'Whether requests identify an end user. `required` refuses requests that do not. `off` ignores the end user. Default: `optional` if `per_end_user` or `attribution` is set, otherwise `off`.',
  }),
  per_end_user: optional(limitList(), {
    description:
      'Limits for each end user of the key. All requests without an end user count as one end user. Default: no limit.',
    examples: [[{ requests: 30, per: 'minute' }]],
  }),
  limits: optional(limitList(), {
    description:
      'Limits of the key. They apply in addition to the limits of its team and user. Default: no limit.',
    examples: [[{ cost: 50, per: 'month' }]],
  }),
  self_rotate: optional(flag(), {
    description:
      'Whether the holder of the key may replace its secret with `POST /v1/key/rotate`. Database mode only.',
    default: false,
  }),
  renamed_from: formerName('key'),
});
export type KeyOwnershipFile = z.output<typeof keyOwnershipSchema>;

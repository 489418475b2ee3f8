import { z } from 'zod';
import { masterKeySchema } from '../config/schema/access-schema.ts';
import { isHashedKey } from '../config/compile/compile-access.ts';
import { nameText, optional, secretText } from '../config/schema/setting.ts';
import { newKeySecret } from '../lib/key-secret.ts';
import { findWeakness, MASTER_KEY } from '../lib/key-strength.ts';
import type { JsonObject, Resource } from '../store/revision.ts';
import { markOf, rotatedFields, storedKey } from '../store/stored-key.ts';
import { DATES, ENABLED, ID, WARNINGS } from './fields.ts';
import { KeyIndex } from './key-index.ts';
import { dates, merged, type ResourceKind, type ViewMoment, withoutNulls } from './resource-kind.ts';
import { USAGE, usageOf } from './scope-limits.ts';

const fields = masterKeySchema.omit({ name: true, key: true, enabled: true, renamed_from: true }).extend({
  name: optional(nameText(), { description: 'The name in metrics and logs. Default: the id.' }),
  team: optional(nameText(), { description: 'The id of the team of the key.', examples: ['search'] }),
  user: optional(nameText(), { description: 'The id of the user of the key.', examples: ['alice'] }),
  is_enabled: ENABLED,
});

const strongKey = secretText().superRefine((text, context) => {
  const weakness = isHashedKey(text) ? undefined : findWeakness(text, MASTER_KEY);
  if (weakness !== undefined) context.addIssue({ code: 'custom', message: weakness });
});

const key = optional(strongKey, {
  description: 'The secret that clients send. If omitted on creation, a random one is generated.',
  writeOnly: true,
});

const STATUSES = ['active', 'disabled', 'expired', 'rotating'] as const;

const viewSchema = fields
  .extend({
    id: nameText(),
    key_preview: z.string().meta({ description: 'Enough of the secret to recognise it.' }),
    previous_key_preview: z.string().nullable().meta({ description: 'The secret before the last rotation.' }),
    previous_key_expires_at: z
      .string()
      .nullable()
      .meta({ description: 'Time at which the previous secret expires.' }),
    status: z.enum(STATUSES).meta({
      description:
        'rotating: the former secret is still valid. A disabled key is `disabled` even if it has expired.',
    }),
    disabled_reason: z
      .string()
      .nullable()
      .meta({ description: 'The reason that was given when the key was disabled.' }),
    created_by: z.string().nullable().meta({
      description: 'The creator of the key and the address of the creator. null: the key was imported.',
    }),
    last_used_at: z.string().nullable().optional().meta({
      description:
        'The day of its last request, in UTC. null: none in the last 90 days. Omitted in answers to writes, and by a gateway that does not store usage.',
    }),
    ...USAGE,
    ...DATES,
    ...WARNINGS,
  })
  .meta({ id: 'MasterKey' });

/** A master key with its secret, as shown after its creation and its rotation. */
export const masterKeyWithSecret = viewSchema
  .extend({
    key: z.string().meta({ description: 'The secret. It is shown only in this answer.' }),
  })
  .meta({ id: 'MasterKeyWithSecret' });

/** A master key after its rotation, with its secret if it has a new one. */
export const rotatedMasterKey = masterKeyWithSecret.partial({ key: true }).meta({ id: 'RotatedMasterKey' });

/** The body of a rotation. */
export const rotationSchema = z
  .strictObject({
    key,
    grace_seconds: optional(z.int().min(0).max(31_536_000), {
      description: 'Seconds for which the former secret stays valid. 0: it becomes invalid at once.',
      default: 86_400,
    }),
    revoke_previous: optional(z.literal(true), {
      description: 'Revokes the former secret at once instead of rotating. The current secret stays valid.',
    }),
  })
  .refine(
    ({ revoke_previous: revokes, key: given, grace_seconds: grace }) =>
      !revokes || (isUnset(given) && isUnset(grace)),
    { path: ['revoke_previous'], message: 'makes no new secret, so it takes neither key nor grace_seconds' },
  )
  .meta({ id: 'MasterKeyRotation' });

const DAY_SECONDS = 86_400;

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Master keys in the Admin API. */
export const masterKeyKind: ResourceKind = {
  kind: 'master_keys',
  createSchema: fields
    .extend({
      id: ID.optional().meta({ description: 'The id. If omitted, a random one is generated.' }),
      key,
    })
    .meta({ id: 'MasterKeyCreate' }),
  updateSchema: fields.extend({ key }).meta({ id: 'MasterKeyUpdate' }),
  examples: {
    create: {
      id: 'team-a',
      allowed_models: ['fast'],
      rate_limit: { requests_per_second: 5, burst_size: 20 },
    },
    update: { is_enabled: false },
  },
  viewSchema,
  createdSchema: masterKeyWithSecret,
  create({ id, key: given, ...input }, actor) {
    const secret = typeof given === 'string' ? given : newKeySecret();
    const name = typeof id === 'string' ? id : `key-${crypto.randomUUID().slice(0, 8)}`;
    return {
      id: name,
      fields: { name, ...withoutNulls(input), ...markOf(secret), created_by: actor },
      shown: { key: secret },
    };
  },
  update(before, { key: given, ...input }) {
    const { disabled_reason: reason, ...others } = merged(before, input);
    const isDisabled = others['is_enabled'] === false && reason !== undefined;
    const fields: JsonObject = isDisabled ? { ...others, disabled_reason: reason } : others;
    if (typeof given !== 'string') return fields;
    const { previous: _, ...rest } = fields;
    return { ...rest, ...markOf(given) };
  },
  view,
  async facts(resources, call) {
    const lastUse = await call.store.admin.lastUse.of(resources.map(({ id }) => id));
    return new Map(
      resources.map(({ id }) => [
        id,
        { ...(lastUse && { last_used_at: lastUse.get(id) ?? null }), usage: usageOf(call, 'key', id) },
      ]),
    );
  },
  findConflict: ({ master_keys: keys }, id, fields) => {
    const index = new KeyIndex([fields]);
    for (const key of keys.values()) if (key.id !== id) index.add(key.id, key.fields);
    return index.conflictOf(fields);
  },
};

/** The fields after a rotation, and the new secret, which is shown only once. */
export function rotate(
  before: JsonObject,
  { key: given, grace_seconds: grace, revoke_previous: revokes }: JsonObject,
  now: Date,
): { readonly fields: JsonObject; readonly shown: JsonObject } {
  if (revokes === true) {
    const { previous: _, ...fields } = before;
    return { fields, shown: {} };
  }
  const secret = typeof given === 'string' ? given : newKeySecret();
  const graceSeconds = typeof grace === 'number' ? grace : DAY_SECONDS;
  return { fields: rotatedFields(before, secret, { now, graceSeconds }), shown: { key: secret } };
}

function view(resource: Resource, moment: ViewMoment): JsonObject {
  const { hash: _, preview, previous: __, ...rest } = resource.fields;
  const former = storedKey(resource.fields).previous;
  return {
    id: resource.id,
    allowed_models: [],
    rate_limit: null,
    team: null,
    user: null,
    expires_at: null,
    tags: {},
    client_tags: [],
    limits: [],
    per_end_user: [],
    self_rotate: false,
    is_enabled: true,
    disabled_reason: null,
    created_by: null,
    ...rest,
    key_preview: preview ?? '****',
    previous_key_preview: former?.preview ?? null,
    previous_key_expires_at: former?.expires_at ?? null,
    status: statusOf(resource.fields, moment),
    ...dates(resource),
  };
}

function statusOf(fields: JsonObject, { nowMs, graceMs }: ViewMoment): (typeof STATUSES)[number] {
  const { is_enabled: isEnabled, expires_at: expires } = fields;
  if (isEnabled === false) return 'disabled';
  if (typeof expires === 'string' && Date.parse(expires) + graceMs <= nowMs) return 'expired';
  const { previous } = storedKey(fields);
  return previous !== undefined && Date.parse(previous.expires_at) > nowMs ? 'rotating' : 'active';
}

import { z } from 'zod';
import { masterKeySchema } from '../config/schema/access-schema.ts';
import { isHashedKey } from '../config/compile/compile-access.ts';
import { nameText, optional, secretText } from '../config/schema/setting.ts';
import { newKeySecret } from '../lib/key-secret.ts';
import { findWeakness, MASTER_KEY } from '../lib/key-strength.ts';
import type { JsonObject, Resource, Resources } from '../store/revision.ts';
import { markOf, rotatedFields, storedKey } from '../store/stored-key.ts';
import { DATES, ENABLED, ID, WARNINGS } from './fields.ts';
import { dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';

const fields = masterKeySchema
  .omit({ name: true, key: true, enabled: true, renamed_from: true })
  .extend({ name: optional(nameText(), { description: 'Its name in metrics and logs. Left out: the id.' }) })
  .extend({ is_enabled: ENABLED });

const strongKey = secretText().superRefine((text, context) => {
  const weakness = isHashedKey(text) ? undefined : findWeakness(text, MASTER_KEY);
  if (weakness !== undefined) context.addIssue({ code: 'custom', message: weakness });
});

const key = optional(strongKey, {
  description: 'The secret that clients send. If left out on creation, a random one is generated.',
  writeOnly: true,
});

const viewSchema = fields
  .extend({
    id: nameText(),
    key_preview: z.string().meta({ description: 'Enough of the secret to recognise it.' }),
    previous_key_preview: z.string().nullable().meta({ description: 'The secret before the last rotation.' }),
    previous_key_expires_at: z.string().nullable().meta({ description: 'When it expires.' }),
    ...DATES,
    ...WARNINGS,
  })
  .meta({ id: 'MasterKey' });

/** A master key with its secret, as shown after its creation and its rotation. */
export const masterKeyWithSecret = viewSchema
  .extend({
    key: z.string().meta({ description: 'The secret. It is shown in this answer and never again.' }),
  })
  .meta({ id: 'MasterKeyWithSecret' });

/** The body of a rotation. */
export const rotationSchema = z
  .strictObject({
    key,
    grace_seconds: optional(z.int().min(0).max(31_536_000), {
      description: 'Seconds for which the former secret stays valid. 0: it becomes invalid at once.',
      default: 86_400,
    }),
  })
  .meta({ id: 'MasterKeyRotation' });

const DAY_SECONDS = 86_400;

/** Master keys in the Admin API. */
export const masterKeyKind: ResourceKind = {
  kind: 'master_keys',
  createSchema: fields
    .extend({ id: ID.optional().meta({ description: 'Left out: a random one is generated.' }), key })
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
  create({ id, key: given, ...input }) {
    const secret = typeof given === 'string' ? given : newKeySecret();
    const name = typeof id === 'string' ? id : `key-${crypto.randomUUID().slice(0, 8)}`;
    return {
      id: name,
      fields: { name, ...withoutNulls(input), ...markOf(secret) },
      shown: { key: secret },
    };
  },
  update(before, { key: given, ...input }) {
    const fields = merged(before, input);
    if (typeof given !== 'string') return fields;
    const { previous: _, ...rest } = fields;
    return { ...rest, ...markOf(given) };
  },
  view,
  findConflict,
};

/** The fields after a rotation, and the new secret, which is shown this once. */
export function rotate(
  before: JsonObject,
  { key: given, grace_seconds: grace }: JsonObject,
  now: Date,
): { readonly fields: JsonObject; readonly shown: JsonObject } {
  const secret = typeof given === 'string' ? given : newKeySecret();
  const graceSeconds = typeof grace === 'number' ? grace : DAY_SECONDS;
  return { fields: rotatedFields(before, secret, { now, graceSeconds }), shown: { key: secret } };
}

function view(resource: Resource): JsonObject {
  const { hash: _, preview, previous, ...rest } = resource.fields;
  const former = previous === undefined ? undefined : storedKey(resource.fields).previous;
  return {
    id: resource.id,
    allowed_models: [],
    rate_limit: null,
    is_enabled: true,
    ...rest,
    key_preview: preview ?? '****',
    previous_key_preview: former?.preview ?? null,
    previous_key_expires_at: former?.expires_at ?? null,
    ...dates(resource),
  };
}

function findConflict({ master_keys: keys }: Resources, id: string, fields: JsonObject): string | undefined {
  const { name, hash } = storedKey(fields);
  for (const other of keys.values()) {
    if (other.id === id) continue;
    const theirs = storedKey(other.fields);
    if (theirs.name === name) return `The master key "${other.id}" has the name "${name}" already.`;
    if (theirs.hash === hash || theirs.previous?.hash === hash)
      return `The master key "${other.id}" has the same secret.`;
  }
  return undefined;
}

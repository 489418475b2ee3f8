import { z } from 'zod';
import { userSchema } from '../config/schema/owner-schema.ts';
import { nameText } from '../config/schema/setting.ts';
import { DATES, ID, OWNER_NAME, WARNINGS } from './fields.ts';
import { findSameName } from './owner-name.ts';
import { asText, dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';
import { USAGE, usageOf } from './scope-limits.ts';

const fields = userSchema.omit({ name: true, renamed_from: true }).extend({ name: OWNER_NAME });

/** Users in the Admin API: as in the configuration file. */
export const userKind: ResourceKind = {
  kind: 'users',
  createSchema: fields.extend({ id: ID }).meta({ id: 'UserCreate' }),
  updateSchema: fields.meta({ id: 'UserUpdate' }),
  examples: {
    create: { id: 'alice', email: 'alice@example.com', limits: [{ cost: 60, per: 'month' }] },
    update: { email: 'alice@example.org' },
  },
  viewSchema: fields
    .extend({ id: nameText(), name: z.string(), ...USAGE, ...DATES, ...WARNINGS })
    .meta({ id: 'User' }),
  create: ({ id, ...input }) => ({ id: asText(id), fields: withoutNulls(input), shown: {} }),
  update: merged,
  view: (resource) => ({
    id: resource.id,
    name: resource.id,
    email: null,
    limits: [],
    ...resource.fields,
    ...dates(resource),
  }),
  facts: async (resources, call) =>
    new Map(resources.map(({ id }) => [id, { usage: usageOf(call, 'user', id) }])),
  findConflict: ({ users }, id, { name }) => findSameName(users, id, name, 'user'),
};

import { z } from 'zod';
import { teamSchema } from '../config/schema/owner-schema.ts';
import { nameText, optional } from '../config/schema/setting.ts';
import { DATES, ID, OWNER_NAME, WARNINGS } from './fields.ts';
import { findSameName } from './owner-name.ts';
import { asText, dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';
import { USAGE, usageOf } from './scope-limits.ts';

const fields = teamSchema.omit({ name: true, renamed_from: true }).extend({
  name: OWNER_NAME,
  parent: optional(nameText(), {
    description:
      'The id of the parent team, whose limits also apply. Teams may be nested up to 3 levels deep.',
    examples: ['acme'],
  }),
});

/** Teams in the Admin API: as in the configuration file, with other teams named by their ids. */
export const teamKind: ResourceKind = {
  kind: 'teams',
  createSchema: fields.extend({ id: ID }).meta({ id: 'TeamCreate' }),
  updateSchema: fields.meta({ id: 'TeamUpdate' }),
  examples: {
    create: {
      id: 'search',
      limits: [{ cost: 200, per: 'month' }],
      tags: { cost_center: '4711' },
    },
    update: { limits: [{ cost: 300, per: 'month' }] },
  },
  viewSchema: fields
    .extend({ id: nameText(), name: z.string(), ...USAGE, ...DATES, ...WARNINGS })
    .meta({ id: 'Team' }),
  create: ({ id, ...input }) => ({ id: asText(id), fields: withoutNulls(input), shown: {} }),
  update: merged,
  view: (resource) => ({
    id: resource.id,
    name: resource.id,
    parent: null,
    timezone: null,
    allowed_models: [],
    tags: {},
    limits: [],
    per_user: [],
    ...resource.fields,
    ...dates(resource),
  }),
  facts: async (resources, call) =>
    new Map(resources.map(({ id }) => [id, { usage: usageOf(call, 'team', id) }])),
  findConflict: ({ teams }, id, { name }) => findSameName(teams, id, name, 'team'),
};

import { z } from 'zod';
import { modelsSchema } from '../config/schema/model-schema.ts';
import { nameText, optional } from '../config/schema/setting.ts';
import { DATES, ENABLED, ID, WARNINGS } from './fields.ts';
import { asText, dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';

const model = modelsSchema.valueType;
const fields = model.omit({ enabled: true }).extend({
  is_enabled: ENABLED,
  fallbacks: optional(z.array(nameText()), {
    description: 'The models that replace this one, in this order, if all of its routes fail.',
    default: [],
  }),
});

/** Models in the Admin API: as in the configuration file, with their entry of `alias_fallback` as `fallbacks`. */
export const modelKind: ResourceKind = {
  kind: 'models',
  createSchema: fields.extend({ id: ID }).meta({ id: 'ModelCreate' }),
  updateSchema: fields.partial().meta({ id: 'ModelUpdate' }),
  examples: {
    create: { id: 'fast', routes: [{ provider: 'openai', model: 'gpt-4o-mini' }] },
    update: { fallbacks: ['cheap'] },
  },
  viewSchema: fields.extend({ id: nameText(), ...DATES, ...WARNINGS }).meta({ id: 'Model' }),
  create: ({ id, ...input }) => ({ id: asText(id), fields: withoutNulls(input), shown: {} }),
  update: merged,
  view: (resource) => ({
    id: resource.id,
    rewrite_response_model: null,
    fallbacks: [],
    is_enabled: true,
    ...resource.fields,
    ...dates(resource),
  }),
  findConflict: () => undefined,
};

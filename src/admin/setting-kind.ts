import { z } from 'zod';
import { configSchema } from '../config/schema/schema.ts';
import { isObject } from '../store/json-path.ts';
import { isKindSection } from '../store/resource-kinds.ts';
import type { Json } from '../store/revision.ts';
import { DATES, WARNINGS } from './fields.ts';
import { asText, dates, merged, type ResourceKind, withoutNulls } from './resource-kind.ts';

const OLD_SECTIONS = new Set(['backends', 'proxy_api_key']);
const ids = z.enum(
  Object.keys(configSchema.shape).filter((name) => !isKindSection(name) && !OLD_SECTIONS.has(name)),
);
const value = z
  .unknown()
  .refine((given) => given !== undefined, 'is missing')
  .meta({ description: 'As in the section of that name in a configuration file.' });

/**
 * Settings in the Admin API: every other section of the configuration file, by its name, with its content as `value`.
 * Compiling the configuration checks the value.
 */
export const settingKind: ResourceKind = {
  kind: 'settings',
  createSchema: z.strictObject({ id: ids, value }).meta({ id: 'SettingCreate' }),
  updateSchema: z.strictObject({ value }).meta({ id: 'SettingUpdate' }),
  examples: {
    create: { id: 'fallback', value: { cooldown_seconds: 30, max_retries: 3 } },
    update: { value: { max_retries: 2 } },
  },
  viewSchema: z
    .strictObject({
      id: ids,
      value,
      secret_fields: z.array(z.string()).meta({ description: 'Secret fields of the value that are set.' }),
      ...DATES,
      ...WARNINGS,
    })
    .meta({ id: 'Setting' }),
  create: ({ id, value: given = null }) => ({ id: asText(id), fields: { value: clean(given) }, shown: {} }),
  update: ({ value: before }, { value: given = null }) => ({
    value: isObject(before) && isObject(given) ? merged(before, given) : clean(given),
  }),
  view(resource) {
    const { value: whole = null } = resource.fields;
    const { token, ...visible } = isObject(whole) ? whole : {};
    const hasToken = resource.id === 'metrics' && token !== undefined;
    return {
      id: resource.id,
      value: hasToken ? visible : whole,
      secret_fields: hasToken ? ['token'] : [],
      ...dates(resource),
    };
  },
  findConflict: () => undefined,
  canPut: (id) => ids.safeParse(id).success,
};

function clean(given: Json): Json {
  return isObject(given) ? withoutNulls(given) : given;
}

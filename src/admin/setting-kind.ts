import { z } from 'zod';
import { configSchema } from '../config/schema/schema.ts';
import { isObject, pathsLike, setField } from '../store/json-path.ts';
import { isKindSection } from '../store/resource-kinds.ts';
import type { Json, JsonObject, Resource } from '../store/revision.ts';
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
    value:
      isObject(before) && isObject(given) ? merged(before, given) : withKeptSecrets(before, clean(given)),
  }),
  view(resource) {
    const { value: visible, secrets } = withoutSecrets(resource);
    return {
      id: resource.id,
      value: visible,
      secret_fields: secrets,
      ...dates(resource),
    };
  },
  findConflict: () => undefined,
  canPut: (id) => ids.safeParse(id).success,
};

/** The value without the token of `metrics` and the secrets of `alerts`, and their paths. */
function withoutSecrets({ id, fields }: Resource): { readonly value: Json; readonly secrets: string[] } {
  const { value = null } = fields;
  const pattern = { metrics: 'value.token', alerts: 'value.*.secret' }[id];
  const paths = pattern === undefined ? [] : pathsLike(fields, pattern);
  const visible = paths.reduce((rest, path) => setField(rest, path, undefined), fields);
  return {
    value: paths.length === 0 ? value : (visible['value'] ?? null),
    secrets: paths.map((path) => path.slice('value.'.length)),
  };
}

/**
 * A list of hooks is replaced as a whole. Callers cannot read its secrets, so an entry keeps the secret of the old
 * entry with the same address, unless it has a new one or null.
 */
function withKeptSecrets(before: Json | undefined, given: Json): Json {
  if (!Array.isArray(before) || !Array.isArray(given)) return given;
  const secrets = new Map<Json | undefined, Json>();
  for (const hook of before) if (isHook(hook) && hook['secret']) secrets.set(hook['url'], hook['secret']);
  return given.map((hook: Json) => {
    const kept = isHook(hook) && hook['secret'] === undefined ? secrets.get(hook['url']) : undefined;
    return kept === undefined || !isHook(hook) ? hook : { ...hook, secret: kept };
  });
}

function isHook(entry: Json): entry is JsonObject {
  return isObject(entry) && typeof entry['url'] === 'string';
}

function clean(given: Json): Json {
  return isObject(given) ? withoutNulls(given) : given;
}

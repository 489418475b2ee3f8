import type { Path } from '../config/read/problems.ts';
import type { Json, JsonObject, Kind, Resource, ResourceName, Revision } from './revision.ts';

/**
 * A revision as the configuration file of the same content; its shape is still to be checked. A master key has its
 * hash as `key`.
 */
export function buildFile({ resources }: Pick<Revision, 'resources'>): JsonObject {
  const settings = Object.fromEntries(
    [...resources.settings.values()].map(({ id, fields }) => [id, fields['value'] ?? null]),
  );
  const models = [...resources.models.values()];
  return {
    ...settings,
    providers: [...resources.providers.values()].map((provider) => ({
      name: provider.id,
      ...enabledOf(provider),
    })),
    master_keys: [...resources.master_keys.values()].map(keyEntry),
    models: Object.fromEntries(models.map((model) => [model.id, modelEntry(model)])),
    ...withFallbacks(settings['fallback'], models),
  };
}

/** `is_enabled` in the API is `enabled` in a file, where most words are shorter. */
function enabledOf({ fields }: Resource): JsonObject {
  const { is_enabled: enabled, ...rest } = fields;
  return { ...rest, ...(enabled !== undefined && { enabled }) };
}

function keyEntry(key: Resource): JsonObject {
  const { hash, preview: _, previous: __, ...rest } = enabledOf(key);
  return { ...rest, key: hash ?? null };
}

function modelEntry(model: Resource): JsonObject {
  const { fallbacks: _, ...rest } = enabledOf(model);
  return rest;
}

/** A model's own fallbacks and those in the setting `fallback`, which names models that only a mapping serves. */
function withFallbacks(setting: Json | undefined, models: readonly Resource[]): JsonObject {
  const own = models.flatMap(({ id, fields }) => (fields['fallbacks'] ? [[id, fields['fallbacks']]] : []));
  if (own.length === 0) return {};
  const fallback = asObject(setting);
  return {
    fallback: {
      ...fallback,
      alias_fallback: { ...asObject(fallback['alias_fallback']), ...Object.fromEntries(own) },
    },
  };
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** Which resource a path of the built file belongs to, and where in its fields. */
export function originOf(
  path: Path,
  { resources }: Pick<Revision, 'resources'>,
): { readonly resource: ResourceName | undefined; readonly path: Path } {
  const [section, place, ...rest] = path;
  if (section === 'providers' || section === 'master_keys') {
    const id = [...resources[section].keys()][Number(place)];
    if (id !== undefined) return { resource: { kind: section, id }, path: inFields(section, rest) };
  }
  if (section === 'models' && place !== undefined) {
    return { resource: { kind: 'models', id: String(place) }, path: inFields('models', rest) };
  }
  const [model, ...target] = rest;
  if (section === 'fallback' && place === 'alias_fallback' && model !== undefined) {
    const id = String(model);
    if (resources.models.get(id)?.fields['fallbacks'])
      return { resource: { kind: 'models', id }, path: ['fallbacks', ...target] };
  }
  if (section === undefined || section === 'environment') return { resource: undefined, path: path.slice(1) };
  return { resource: { kind: 'settings', id: String(section) }, path: ['value', ...path.slice(1)] };
}

function inFields(kind: Kind, path: Path): Path {
  const [field, ...rest] = path;
  if (field === 'enabled') return ['is_enabled', ...rest];
  return kind === 'providers' && field === 'name' ? ['id', ...rest] : path;
}

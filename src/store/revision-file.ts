import type { Path } from '../config/read/problems.ts';
import { isKindSection, type Kind, KINDS, RESOURCE_KINDS } from './resource-kinds.ts';
import { hashedKeyText, settingsOfKey, storedKey } from './stored-key.ts';
import type { Json, JsonObject, Resource, ResourceName, Revision } from './revision.ts';

/**
 * Writes the resources as the configuration file of the same content, whose shape is still to be checked. A master key
 * has its hash as `key`. Teams and users are named by their ids in the database, and by their names in a file.
 */
export function buildFile({ resources }: Pick<Revision, 'resources'>): JsonObject {
  const names: OwnerNames = { teams: namesById(resources.teams), users: namesById(resources.users) };
  const settings = Object.fromEntries(
    [...resources.settings.values()].map(({ id, fields }) => [id, fields['value'] ?? null]),
  );
  return {
    ...settings,
    ...Object.fromEntries(
      KINDS.filter(isKindSection).map((kind) => [
        kind,
        sectionOf(kind, [...resources[kind].values()], names),
      ]),
    ),
    ...withFallbacks(settings['fallback'], [...resources.models.values()]),
  };
}

/** The names of teams and users by their ids. */
interface OwnerNames {
  readonly teams: ReadonlyMap<string, string>;
  readonly users: ReadonlyMap<string, string>;
}

function namesById(owners: ReadonlyMap<string, Resource>): ReadonlyMap<string, string> {
  return new Map([...owners.values()].map((owner) => [owner.id, nameOfOwner(owner)]));
}

/** The name of a team or user: its id unless it has another one. */
export function nameOfOwner({ id, fields: { name } }: Pick<Resource, 'id' | 'fields'>): string {
  return typeof name === 'string' ? name : id;
}

function sectionOf(kind: Kind, resources: readonly Resource[], names: OwnerNames): Json {
  const entries = resources.map((resource) => [resource.id, entryOf(kind, resource, names)] as const);
  if (RESOURCE_KINDS[kind].inFile === 'map') return Object.fromEntries(entries);
  return entries.map(([name, entry]) => ({ name, ...entry }));
}

function entryOf(kind: Kind, resource: Resource, names: OwnerNames): JsonObject {
  switch (kind) {
    case 'master_keys':
      return keyEntry(resource, names);
    case 'teams':
    case 'users':
      return ownerEntry(resource, names);
    case 'models':
      return modelEntry(resource);
    case 'providers':
    case 'settings':
      return enabledOf(resource);
  }
}

function ownerEntry(owner: Resource, { teams }: OwnerNames): JsonObject {
  const name = nameOfOwner(owner);
  const renamed = name === owner.id ? {} : { renamed_from: owner.id };
  return { ...owner.fields, name, ...renamed, ...renamedReference('parent', owner, teams) };
}

/** A reference to a team or user, whose id in the database is a name in the file. */
function renamedReference(
  field: string,
  { fields }: Resource,
  names: ReadonlyMap<string, string>,
): JsonObject {
  const id = fields[field];
  if (typeof id !== 'string') return {};
  const name = names.get(id);
  if (name !== undefined) return { [field]: name };
  // An unknown id must not be taken for the name of another owner.
  return { [field]: [...names.values()].includes(id) ? `id ${id}` : id };
}

/** The API's `is_enabled` is `enabled` in a file. */
function enabledOf({ fields }: Resource): JsonObject {
  const { is_enabled: enabled, ...rest } = fields;
  return { ...rest, ...(enabled !== undefined && { enabled }) };
}

function keyEntry(key: Resource, { teams, users }: OwnerNames): JsonObject {
  return {
    ...settingsOfKey(enabledOf(key)),
    ...renamedReference('team', key, teams),
    ...renamedReference('user', key, users),
    key: hashedKeyText(storedKey(key.fields)),
  };
}

function modelEntry(model: Resource): JsonObject {
  const { fallbacks: _, ...rest } = enabledOf(model);
  return rest;
}

/** A model's own fallbacks, and those in the setting `fallback` for models that only a mapping serves. */
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

/** The resource that a path of the built file belongs to, and the path within its fields. */
export function originOf(
  path: Path,
  { resources }: Pick<Revision, 'resources'>,
): { readonly resource: ResourceName | undefined; readonly path: Path } {
  const [section, place, ...rest] = path;
  const kind = KINDS.find((kind) => kind === section && isKindSection(kind));
  if (kind !== undefined && place !== undefined) {
    const isList = RESOURCE_KINDS[kind].inFile === 'list';
    const id = isList ? [...resources[kind].keys()][Number(place)] : String(place);
    if (id !== undefined) return { resource: { kind, id }, path: inFields(kind, rest) };
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

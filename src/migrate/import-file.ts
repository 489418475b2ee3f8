import type { ConfigFile } from '../config/schema/schema.ts';
import { isKindSection, type Kind, KINDS, mapKinds } from '../store/resource-kinds.ts';
import { type Json, type JsonObject, type Resource, type Resources, withChanges } from '../store/revision.ts';
import { markOf, recordOfKey, storedKey } from '../store/stored-key.ts';
import { asJson, fieldsOf } from './entry-fields.ts';
import { idsByName, type OwnerIds, ownersOf, withIds } from './import-owners.ts';

/** The effect of an import on one resource. */
export interface ImportStep {
  readonly kind: Kind;
  readonly id: string;
  readonly action: 'created' | 'updated' | 'unchanged' | 'deleted';
}

export interface ImportPlan {
  readonly resources: Resources;
  readonly steps: readonly ImportStep[];
}

/**
 * The resources after an import: entries of the file replace those of the same name. Others stay, unless `prunes`
 * removes them. Importing the same file again changes nothing.
 */
export function planImport(
  file: ConfigFile,
  before: Resources,
  { now, prunes }: { readonly now: string; readonly prunes: boolean },
): ImportPlan {
  const wanted = readFile(file, before);
  const steps: ImportStep[] = [];
  const resources: Record<Kind, ReadonlyMap<string, Resource>> = { ...before };
  for (const kind of KINDS) {
    const changes: [id: string, fields: JsonObject | undefined][] = [];
    for (const [id, fields] of wanted[kind]) {
      const known = before[kind].get(id);
      const isSame = known !== undefined && canonical(known.fields) === canonical(fields);
      if (!isSame) changes.push([id, fields]);
      steps.push({ kind, id, action: isSame ? 'unchanged' : known === undefined ? 'created' : 'updated' });
    }
    for (const id of prunes ? before[kind].keys() : []) {
      if (wanted[kind].has(id)) continue;
      changes.push([id, undefined]);
      steps.push({ kind, id, action: 'deleted' });
    }
    if (changes.length > 0) resources[kind] = withChanges(before[kind], changes, now);
  }
  return { resources, steps };
}

type Wanted = Readonly<Record<Kind, ReadonlyMap<string, JsonObject>>>;

function readFile(file: ConfigFile, before: Resources): Wanted {
  const teams = idsByName(file.teams, before.teams);
  const users = idsByName(file.users, before.users);
  const known = new KnownKeys(before);
  return {
    ...mapKinds((kind) => sectionEntries(file, kind)),
    teams: ownersOf(file.teams, teams, { parent: teams }),
    users: ownersOf(file.users, users, {}),
    master_keys: new Map(keysOf(file).map((key) => keyEntry(key, known, { team: teams, user: users }))),
    settings: settingsOf(
      { ...file, public_models: file.public_models ?? (hasOnlyProxyKey(file) || undefined) },
      new Set(Object.keys(file.models ?? {})),
    ),
  };
}

/** The entries of one section by name; none for a kind whose resources are sections. */
function sectionEntries(file: ConfigFile, kind: Kind): ReadonlyMap<string, JsonObject> {
  if (kind === 'providers') return providersOf(file);
  if (kind === 'models') return modelsOf(file);
  const section: unknown = isKindSection(kind) ? file[kind as keyof ConfigFile] : undefined;
  const entries = (section ?? []) as readonly Entry[] | Readonly<Record<string, Entry>>;
  return Array.isArray(entries)
    ? new Map((entries as readonly Entry[]).map(({ name, ...entry }) => [String(name), fieldsOf(entry)]))
    : new Map(Object.entries(entries).map(([name, entry]) => [name, fieldsOf(entry)]));
}

type Entry = Readonly<Record<string, unknown>>;

function providersOf({ providers, backends }: ConfigFile): ReadonlyMap<string, JsonObject> {
  return new Map(
    [...(providers ?? []), ...(backends ?? [])].map(({ name, url, ...entry }) => [
      name,
      fieldsOf({ ...entry, api_base: entry.api_base ?? url }),
    ]),
  );
}

function modelsOf({ models, fallback }: ConfigFile): ReadonlyMap<string, JsonObject> {
  const aliases = new Map(Object.entries(fallback?.alias_fallback ?? {}));
  return new Map(
    Object.entries(models ?? {}).map(([name, model]) => [
      name,
      fieldsOf({ ...model, fallbacks: aliases.get(name) }),
    ]),
  );
}

type KeyEntry = NonNullable<ConfigFile['master_keys']>[number];

/** As in the configuration file, `proxy_api_key` is a master key called `default`. */
function keysOf({ proxy_api_key: key, master_keys: keys }: ConfigFile): KeyEntry[] {
  return [...(typeof key === 'string' ? [{ name: 'default', key }] : []), ...(keys ?? [])];
}

/** Such a file opens the list of models without saying so. */
function hasOnlyProxyKey({ proxy_api_key: key, master_keys: keys }: ConfigFile): boolean {
  return typeof key === 'string' && (keys ?? []).length === 0;
}

/** The keys in the database, as a file may name them. */
class KnownKeys {
  readonly #byName: ReadonlyMap<string, Resource>;
  readonly #byId: ReadonlyMap<string, Resource>;

  constructor({ master_keys: keys }: Resources) {
    this.#byId = keys;
    this.#byName = new Map([...keys.values()].map((key) => [storedKey(key.fields).name, key]));
  }

  find({ name, renamed_from: id }: KeyEntry): Resource | undefined {
    return this.#byName.get(name) ?? this.#byId.get(id ?? name);
  }
}

/** A key keeps its id and its record, and the data about its secret if the secret is the same. */
function keyEntry(
  entry: KeyEntry,
  known: KnownKeys,
  owners: Readonly<Record<string, OwnerIds>>,
): readonly [string, JsonObject] {
  const { key, renamed_from: formerName, ...rest } = entry;
  const mark = markOf(key);
  const same = known.find(entry);
  const { preview, previous, ...record } = recordOfKey(same?.fields ?? {});
  const isSame = record['hash'] === mark.hash;
  const secret = isSame
    ? { ...(preview !== undefined && { preview }), ...(previous && { previous }) }
    : { preview: mark.preview };
  return [
    same?.id ?? formerName ?? entry.name,
    { ...withIds(fieldsOf(rest), owners), ...record, hash: mark.hash, ...secret },
  ];
}

/** Sections of older files that become providers and keys. */
const OLD_SECTIONS = new Set(['backends', 'proxy_api_key']);

/** Every other section becomes a setting, without the fallbacks that belong to models. */
function settingsOf(sections: Partial<ConfigFile>, models: ReadonlySet<string>): Map<string, JsonObject> {
  const settings = new Map<string, JsonObject>();
  for (const [id, value] of Object.entries(sections)) {
    if (isKindSection(id) || OLD_SECTIONS.has(id) || value === null || value === undefined) continue;
    const kept = id === 'fallback' ? withoutAliases(sections.fallback, models) : value;
    if (kept !== undefined) settings.set(id, { value: asJson(kept) });
  }
  return settings;
}

function withoutAliases(fallback: ConfigFile['fallback'], models: ReadonlySet<string>): unknown {
  const { alias_fallback: aliases, ...rest } = fallback ?? {};
  const others = Object.entries(aliases ?? {}).filter(([model]) => !models.has(model));
  const kept = { ...rest, ...(others.length > 0 && { alias_fallback: Object.fromEntries(others) }) };
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** The same text for the same fields in any order. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

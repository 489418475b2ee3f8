import { fieldAt, isObject, pathsLike, setField } from '../store/json-path.ts';
import { isKindSection, type Kind, KINDS, mapKinds, RESOURCE_KINDS } from '../store/resource-kinds.ts';
import { buildFile } from '../store/revision-file.ts';
import type { Json, JsonObject, Resource, Revision } from '../store/revision.ts';
import { hashedKeyText, storedKey } from '../store/stored-key.ts';
import { sha256Hex } from '../lib/sha256.ts';

/**
 * Writes a revision as the configuration file that it could have come from, with master keys by their hashes. Without
 * secrets, each secret is replaced by an environment variable that is named for it.
 */
export function exportFile(
  revision: Revision,
  { withSecrets }: { readonly withSecrets: boolean },
): JsonObject {
  const prefixOf = withSecrets ? undefined : variablePrefixes(revision);
  const resources = mapKinds(
    (kind) =>
      new Map(
        [...revision.resources[kind]].map(([id, resource]) => [id, exported(kind, resource, prefixOf)]),
      ),
  );
  const file = buildFile({ resources });
  const listed = asObjects(file['master_keys']);
  const keys = [...resources.master_keys.values()].map(({ id, fields }, index) => {
    const { name } = storedKey(fields);
    const renamed = id === name ? {} : { renamed_from: id };
    return { ...listed[index], ...renamed, key: hashedKeyText(storedKey(fields)) };
  });
  const isEmpty = (section: string): boolean =>
    KINDS.some((kind) => kind === section && isKindSection(kind) && resources[kind].size === 0);
  return Object.fromEntries(
    Object.entries({ ...file, master_keys: keys }).filter(([section]) => !isEmpty(section)),
  );
}

function asObjects(list: Json | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The beginnings of the variables of each id. `EU_1` of both `eu-1` and `eu.1` would give two providers one credential. */
function variablePrefixes(revision: Revision): (id: string) => string {
  const ids = new Set(KINDS.flatMap((kind) => [...revision.resources[kind].keys()]));
  const users = Map.groupBy(ids, variableName);
  return (id) => {
    const name = variableName(id);
    const isShared = (users.get(name)?.length ?? 0) > 1;
    return isShared ? `${name}_${sha256Hex(id).slice(0, 8).toUpperCase()}` : name;
  };
}

/** `prefixOf`: begins the variables that replace the secrets; undefined: they stay. */
function exported(kind: Kind, resource: Resource, prefixOf: ((id: string) => string) | undefined): Resource {
  const { id, fields } = resource;
  const isNamed = RESOURCE_KINDS[kind].inFile === 'list';
  const patterns: readonly string[] = prefixOf === undefined ? [] : RESOURCE_KINDS[kind].secrets;
  const hiding = patterns.flatMap((pattern) => pathsLike(fields, pattern));
  const hidden = hiding.reduce(
    (fields, path) => {
      const secret = fieldAt(fields, path);
      return secret === undefined
        ? fields
        : setField(fields, path, variableFor(prefixOf?.(id) ?? '', path, secret));
    },
    escaped(fields) as JsonObject,
  );
  return { ...resource, id: isNamed ? escapedText(id) : id, fields: hidden };
}

/** Replaces a secret by a variable, and an object by one for each of its fields. */
function variableFor(prefix: string, path: string, secret: Json): Json {
  const variable = (name: string): string => `\${${prefix}_${variableName(name)}}`;
  if (!isObject(secret)) {
    const [, index, name = path] = /(?:(\d+)\.)?([^.]+)$/.exec(path) ?? [];
    return variable(index === undefined || index === '0' ? name : `${name}_${Number(index) + 1}`);
  }
  return Object.fromEntries(Object.keys(secret).map((name) => [name, variable(name)]));
}

/** A name in the characters that variables may have. */
function variableName(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

/** Escapes `${`, which begins a variable in a file but not in the database. */
function escaped(value: Json): Json {
  if (typeof value === 'string') return escapedText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

function escapedText(text: string): string {
  return text.replaceAll('${', () => '$${');
}

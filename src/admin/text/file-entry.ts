import { exportFile } from '../../migrate/export-file.ts';
import { isObject } from '../../store/json-path.ts';
import { type Kind, RESOURCE_KINDS } from '../../store/resource-kinds.ts';
import type { Json, JsonObject, ResourceName, Revision } from '../../store/revision.ts';

/**
 * The part of the configuration file that holds a resource of a revision, under the name of its section, as an export
 * writes it: with a variable in place of each secret, and the hash of a master key. A model that has or had fallbacks
 * brings that setting, too. Undefined: the revision does not have the resource.
 */
export function fileEntryOf(
  { kind, id }: ResourceName,
  { before, revision }: { readonly before: Revision; readonly revision: Revision },
): JsonObject | undefined {
  const resource = revision.resources[kind].get(id);
  if (resource === undefined) return undefined;
  const file = exportFile(revision, { withSecrets: false });
  if (kind === 'settings') return { [id]: file[id] ?? null };
  const at = [...revision.resources[kind].keys()].indexOf(id);
  const { fallbacks = [] } = resource.fields;
  const { fallbacks: former = [] } = before.resources[kind].get(id)?.fields ?? {};
  return {
    [kind]: entryIn(kind, file[kind], at),
    ...([fallbacks, former].some((list) => Array.isArray(list) && list.length > 0) && {
      fallback: { alias_fallback: { [id]: fallbacks } },
    }),
  };
}

function entryIn(kind: Kind, section: Json | undefined, at: number): Json {
  if (RESOURCE_KINDS[kind].inFile === 'list') return Array.isArray(section) ? section.slice(at, at + 1) : [];
  return isObject(section) ? Object.fromEntries(Object.entries(section).slice(at, at + 1)) : {};
}

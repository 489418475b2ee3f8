import type { JsonObject, Resource } from '../store/revision.ts';
import { nameOfOwner } from '../store/revision-file.ts';
import { fieldsOf } from './entry-fields.ts';

/** A team or user in a file. */
interface OwnerEntry {
  readonly name: string;
  readonly renamed_from?: string | null | undefined;
}

/** The ids of teams or users by their names in a file. */
export type OwnerIds = ReadonlyMap<string, string>;

/** An entry keeps the id that its name has in the database. A new one gets its first name as its id. */
export function idsByName(
  entries: readonly OwnerEntry[] | null | undefined,
  before: ReadonlyMap<string, Resource>,
): OwnerIds {
  const known = new Map([...before.values()].map((owner) => [nameOfOwner(owner), owner.id]));
  return new Map(
    (entries ?? []).map(({ name, renamed_from: formerName }) => [
      name,
      known.get(name) ?? formerName ?? name,
    ]),
  );
}

/** The entries as resources: fields by id. `references` has the ids behind each field that names another one. */
export function ownersOf(
  entries: readonly OwnerEntry[] | null | undefined,
  ids: OwnerIds,
  references: Readonly<Record<string, OwnerIds>>,
): ReadonlyMap<string, JsonObject> {
  return new Map(
    (entries ?? []).map(({ renamed_from: _, name, ...entry }) => {
      const id = ids.get(name) ?? name;
      const fields = withIds(fieldsOf(entry), references);
      return [id, id === name ? fields : { name, ...fields }];
    }),
  );
}

/** Replaces the names of teams and users by their ids. */
export function withIds(fields: JsonObject, references: Readonly<Record<string, OwnerIds>>): JsonObject {
  const ids = Object.entries(references).flatMap(([field, idOf]) => {
    const name = fields[field];
    return typeof name === 'string' ? [[field, idOf.get(name) ?? name] as const] : [];
  });
  return { ...fields, ...Object.fromEntries(ids) };
}

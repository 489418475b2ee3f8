import { nameOfOwner } from '../store/revision-file.ts';
import type { Json, Resource } from '../store/revision.ts';

/** Why a team or user cannot have its name; undefined: no other one has it. Without a name of its own it has its id. */
export function findSameName(
  owners: ReadonlyMap<string, Resource>,
  id: string,
  given: Json | undefined,
  title: string,
): string | undefined {
  const name = typeof given === 'string' ? given : id;
  for (const other of owners.values()) {
    if (other.id !== id && nameOfOwner(other) === name)
      return `The ${title} "${other.id}" has the name "${name}" already.`;
  }
  return undefined;
}

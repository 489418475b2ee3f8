import { nameOfOwner } from '../store/revision-file.ts';
import type { Json, Resource } from '../store/revision.ts';

/** The conflict of a team's or user's name with another; undefined: none. The name defaults to the id. */
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

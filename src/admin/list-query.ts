import { z } from 'zod';
import type { Resource } from '../store/revision.ts';
import { PAGE, readCursor, writeCursor } from './page-cursor.ts';

/** The parameters of a list. Without any of them, it returns everything. */
export const listQuery = z.strictObject({
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only those whose id or name contains this text, in any case.' }),
  ...PAGE,
});

/** Whether a resource matches the search. */
export function matching(search: string | undefined): (resource: Resource) => boolean {
  const text = search?.toLowerCase() ?? '';
  return ({ id, fields: { name } }) =>
    id.toLowerCase().includes(text) || (typeof name === 'string' && name.toLowerCase().includes(text));
}

/** The end of a page. Lists are ordered by position, then by id. */
type Place = Pick<Resource, 'position' | 'id'>;

export function cursorOf({ position, id }: Place): string {
  return writeCursor(position, id);
}

/** Throws `AdminProblem` for a cursor that is not from one of our responses. */
export function placeOf(cursor: string): Place {
  const [position, id = ''] = readCursor(cursor, /^(\d{1,15})\/([^]+)$/);
  return { position: Number(position), id };
}

export function isBehind({ position, id }: Resource, place: Place): boolean {
  return position > place.position || (position === place.position && id > place.id);
}

import { z } from 'zod';
import type { Resource } from '../store/revision.ts';
import { AdminProblem } from './problem.ts';

/** The parameters of a list. Without any of them, it returns everything. */
export const listQuery = z.strictObject({
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only those whose id or name contains this text, in any case.' }),
  cursor: z.string().optional().meta({ description: 'The next_cursor of the previous page.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'Maximum entries per page. Default: all.' }),
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
  return Buffer.from(`${position}/${id}`).toString('base64url');
}

/** Throws `AdminProblem` for a cursor that is not from one of our responses. */
export function placeOf(cursor: string): Place {
  const [, position, id] = /^(\d{1,15})\/([^]+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (position !== undefined && id !== undefined) return { position: Number(position), id };
  const details = [{ path: 'cursor', message: 'is not one that this API returned' }];
  throw new AdminProblem('invalid_parameter', 'The cursor is not from a previous page.', { details });
}

export function isBehind({ position, id }: Resource, place: Place): boolean {
  return position > place.position || (position === place.position && id > place.id);
}

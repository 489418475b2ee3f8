import { z } from 'zod';
import { AdminProblem } from './problem.ts';

/** The parameter for the next page of a list. */
export const CURSOR = z.string().optional().meta({ description: 'The next_cursor of the previous page.' });

/** The parameters of a list that returns everything without them. */
export const PAGE = {
  cursor: CURSOR,
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'Maximum entries per page. Default: all.' }),
};

/** `parts` identify the last entry of a page. */
export function writeCursor(...parts: readonly (string | number)[]): string {
  return Buffer.from(parts.join('/')).toString('base64url');
}

/** The parts of a cursor, as groups of the expression. Throws `AdminProblem` if the cursor has another form. */
export function readCursor(cursor: string, form: RegExp): readonly string[] {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = form.exec(text);
  // PostgreSQL does not accept a NUL in a text.
  if (match !== null && !text.includes('\0')) return match.slice(1);
  const details = [{ path: 'cursor', message: 'is not one that this API returned' }];
  throw new AdminProblem('invalid_parameter', 'The cursor is not from a previous page.', { details });
}

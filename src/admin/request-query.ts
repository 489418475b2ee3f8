import { z } from 'zod';
import type { RecordEnding } from '../store/records/request-record.ts';
import { explainIssues } from './explain-issues.ts';
import { AdminProblem, listed } from './problem.ts';

/** How requests end, as the schema and the gateway name it. */
export const ENDINGS = [
  'complete',
  'refused',
  'failed',
  'truncated',
  'client-left',
  'lost',
] as const satisfies readonly RecordEnding[];

/** A time, or a day of UTC, as milliseconds since 1970. */
export const TIME = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as 2026-01-31T12:00:00Z, or a day of UTC such as 2026-01-31',
  })
  .transform((text) => Date.parse(text));

/** The parameters that choose requests by their names. */
export const NAMES = {
  key: z.string().optional().meta({ description: 'Only requests with this master key.' }),
  model: z.string().optional(),
  provider: z.string().optional(),
};

/** The parameters of a period, in milliseconds since 1970. */
export const PERIOD = {
  since: TIME.optional().meta({
    type: 'string',
    description: 'Only requests that ended then or later; ISO 8601.',
  }),
  until: TIME.optional().meta({ type: 'string', description: 'Only requests that ended before; ISO 8601.' }),
};

/** Parses the parameters of a query. Throws `AdminProblem` with one detail per error. */
export function parseQuery<T>(schema: z.ZodType<T>, query: Readonly<Record<string, string>>): T {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const details = explainIssues(parsed.error.issues, { value: query, schema, noun: 'parameter' });
  throw new AdminProblem('invalid_parameter', listed('The parameters are not valid', details), { details });
}

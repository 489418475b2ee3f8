import { SPREAD_COLUMNS } from '../records/histogram-columns.ts';
import type { Migration } from './migration.ts';

/**
 * `request_sums`: how the times within each wide bucket of a histogram are spread (`records/histogram-columns.ts`). 0 means an even
 * spread, which is also what older versions leave.
 */
const ADD = SPREAD_COLUMNS.map(
  (column) => `alter table request_sums add column ${column} integer not null default 0;`,
).join('\n');

const DROP = SPREAD_COLUMNS.map((column) => `alter table request_sums drop column ${column};`).join('\n');

export const finerTimes: Migration = {
  version: 16,
  name: 'finer-times',
  up: { postgres: ADD, sqlite: ADD },
  down: { postgres: DROP, sqlite: DROP },
};

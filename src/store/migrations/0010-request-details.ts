import type { Migration } from './migration.ts';

/**
 * `details_json` of a record: what is only read with the whole request, such as the routes that were skipped and some
 * header fields.
 */
const ADD = 'alter table request_records add column details_json text;';
const REMOVE = 'alter table request_records drop column details_json;';

export const requestDetails: Migration = {
  version: 10,
  name: 'request-details',
  up: { postgres: ADD, sqlite: ADD },
  down: { postgres: REMOVE, sqlite: REMOVE },
};

import type { Migration } from './migration.ts';

/**
 * One row per finished request. Times are milliseconds since 1970, flags 0 or 1. The primary key is in order of time,
 * so paging, sums and pruning follow it without a second index.
 */
const table = (text: string): string => `create table request_records (
  ended_at_ms bigint not null,
  request_id ${text} not null,
  key_name text,
  model text,
  provider text,
  attempts integer not null,
  ending text not null,
  status integer not null,
  prompt_tokens integer,
  completion_tokens integer,
  total_tokens integer,
  cached_tokens integer,
  reasoning_tokens integer,
  is_estimated integer not null,
  is_streamed integer not null,
  first_token_ms integer,
  duration_ms integer not null,
  primary key (ended_at_ms, request_id)
)`;

const DROP_TABLE = 'drop table request_records;';

export const requestRecords: Migration = {
  version: 2,
  name: 'request-records',
  up: {
    // Sorted by bytes, as in SQLite: a database's collation may change with the system's libraries.
    postgres: `${table('text collate "C"')};`,
    sqlite: `${table('text')} without rowid;`,
  },
  down: { postgres: DROP_TABLE, sqlite: DROP_TABLE },
};

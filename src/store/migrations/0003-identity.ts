import type { Migration } from './migration.ts';

/**
 * A random name for this database, by which a program with a configuration notices that the database was replaced. And
 * for each step of the schema, the oldest version that a program must know to run on it.
 */
const statements = (random: string, now: string): string => `create table database_identity (
  id integer primary key check (id = 1),
  identity text not null,
  created_at text not null
);
insert into database_identity values (1, ${random}, ${now});
alter table llm_proxy_migrations add column runs_from integer;`;

const DOWN = `drop table database_identity;
alter table llm_proxy_migrations drop column runs_from;`;

export const identity: Migration = {
  version: 3,
  name: 'identity',
  up: {
    postgres: statements(
      `md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text)`,
      `to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    ),
    sqlite: statements('lower(hex(randomblob(16)))', `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`),
  },
  down: { postgres: DOWN, sqlite: DOWN },
};

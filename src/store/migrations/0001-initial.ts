import type { Migration } from './migration.ts';

/**
 * The configuration's tables. `body` and `secrets` are JSON: the fields in the words of the Admin API, and for each
 * secret field its id in the table `secrets`. Times are ISO 8601 in UTC.
 *
 * The history refers to secrets by id, so it never changes: `rekey` reseals the secrets only.
 */
const RESOURCES = ['providers', 'master_keys', 'models', 'settings'];

const TABLES = `
${RESOURCES.map(
  (table) => `create table ${table} (
  id text primary key,
  position integer not null,
  body text not null,
  secrets text not null,
  created_at text not null,
  updated_at text not null
);`,
).join('\n')}
create table secrets (
  id text primary key,
  owner text not null,
  key_id text not null,
  sealed text not null
);
create table config_version (
  id integer primary key check (id = 1),
  version integer not null,
  changed_at text not null,
  had_keys integer not null
);
create table config_history (
  version integer primary key,
  changed_at text not null,
  actor text not null,
  action text not null,
  changes text not null
);`;

const DROP_TABLES = ['config_history', 'config_version', 'secrets', ...RESOURCES.toReversed()]
  .map((table) => `drop table ${table};`)
  .join('\n');

export const initial: Migration = {
  version: 1,
  name: 'initial',
  up: {
    postgres: `${TABLES}
insert into config_version
  values (1, 0, to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 0);
create function config_history_is_append_only() returns trigger language plpgsql as
  $$ begin raise exception 'config_history is append-only'; end $$;
create trigger config_history_is_append_only before update or delete on config_history
  for each row execute function config_history_is_append_only();
create trigger config_history_is_not_emptied before truncate on config_history
  for each statement execute function config_history_is_append_only();`,
    sqlite: `${TABLES}
insert into config_version values (1, 0, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0);
create trigger config_history_update before update on config_history
  begin select raise(abort, 'config_history is append-only'); end;
create trigger config_history_delete before delete on config_history
  begin select raise(abort, 'config_history is append-only'); end;`,
  },
  down: {
    postgres: `${DROP_TABLES}
drop function config_history_is_append_only();`,
    sqlite: DROP_TABLES,
  },
};

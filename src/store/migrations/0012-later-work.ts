import type { Migration } from './migration.ts';

/**
 * - `later_work`: work that providers go on with after their answer, such as batches and background responses. `id` is
 *   the provider's id of it, `output_id` that of the file with its result; `body` is a `LaterWork` as JSON; `settled_ms`
 *   is when its cost became known. Times are milliseconds since 1970.
 * - `object_owners.key_id`: the id of the key that created an object, or '' for none. Older rows get the id of the key that has
 *   the name and is older than the object; a replica that does not know the column leaves it null, and then the name counts.
 */
const up = (text: string): string => `create table later_work (
  id ${text} primary key,
  provider text not null,
  output_id ${text},
  made_at_ms bigint not null,
  settled_ms bigint,
  body text not null
);
create index later_work_by_output on later_work (output_id) where output_id is not null;
create index later_work_by_time on later_work (made_at_ms);
alter table object_owners add column key_id text;
update object_owners set key_id = '';`;

/** `name`: the expression for a key's name; `since`: when it was created, in milliseconds since 1970. */
const fill = (name: string, since: string): string => `
update object_owners set key_id = keys.id
  from (select id, ${name} as name, ${since} as since_ms from master_keys) as keys
  where keys.name = object_owners.key_name and keys.since_ms <= object_owners.made_at_ms;`;

const DOWN = `alter table object_owners drop column key_id;
drop table later_work;`;

export const laterWork: Migration = {
  version: 12,
  name: 'later-work',
  up: {
    postgres:
      up('text collate "C"') +
      fill(`body::json ->> 'name'`, 'extract(epoch from created_at::timestamptz) * 1000'),
    sqlite: up('text') + fill(`json_extract(body, '$.name')`, `unixepoch(created_at, 'subsec') * 1000`),
  },
  down: { postgres: DOWN, sqlite: DOWN },
};

import type { Migration } from './migration.ts';

/**
 * The creators of objects at providers: the object's id, the name of the key, the provider, and when, in milliseconds since 1970.
 */
const table = (text: string): string => `create table object_owners (
  id ${text} primary key,
  key_name text not null,
  provider text not null,
  made_at_ms bigint not null
);
create index object_owners_by_time on object_owners (made_at_ms);`;

const DROP_TABLE = 'drop table object_owners;';

export const objectOwners: Migration = {
  version: 4,
  name: 'object-owners',
  up: { postgres: table('text collate "C"'), sqlite: table('text') },
  down: { postgres: DROP_TABLE, sqlite: DROP_TABLE },
};

import type { Migration } from './migration.ts';

/**
 * The routes that cool or are drained on any of several machines. `until_ms` is the end of the cooldown in milliseconds
 * since 1970 by the database's clock, 0 if there is none; `drained` is 1 until an operator resumes the route.
 */
const create = (text: string): string => `create table route_states (
  route ${text} primary key,
  until_ms bigint not null,
  drained integer not null
);`;
const DROP = 'drop table route_states;';

export const routeStates: Migration = {
  version: 11,
  name: 'route-states',
  up: { postgres: create('text collate "C"'), sqlite: create('text') },
  down: { postgres: DROP, sqlite: DROP },
};

import type { Migration } from './migration.ts';

/**
 * The cost of each request in whole nano-dollars, null where it has no price or none is known; its basis; and a
 * reference to the prices. The sheets of prices are kept for ever: a cost can be recalculated from them.
 */
const add = (text: string): string => `alter table request_records add column cost_nano bigint;
alter table request_records add column cost_basis text;
alter table request_records add column price_ref text;
create table price_sheets (
  ref ${text} primary key,
  body text not null
);`;

const REMOVE = `drop table price_sheets;
alter table request_records drop column price_ref;
alter table request_records drop column cost_basis;
alter table request_records drop column cost_nano;`;

export const cost: Migration = {
  version: 5,
  name: 'cost',
  up: { postgres: add('text collate "C"'), sqlite: add('text') },
  down: { postgres: REMOVE, sqlite: REMOVE },
};

import type { Migration } from './migration.ts';

/**
 * - `nodes.host`: the host name of the machine on which a node runs; '': it started with an older version.
 * - `request_sums.unpriced`: requests that used something whose price is not known. Older versions count none.
 */
const COLUMNS = `alter table nodes add column host text not null default '';
alter table request_sums add column unpriced bigint not null default 0;`;

const DROP_COLUMNS = 'alter table request_sums drop column unpriced; alter table nodes drop column host;';

export const hostsAndPrices: Migration = {
  version: 14,
  name: 'hosts-and-prices',
  up: { postgres: COLUMNS, sqlite: COLUMNS },
  down: { postgres: DROP_COLUMNS, sqlite: DROP_COLUMNS },
};

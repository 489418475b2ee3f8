import type { SQL } from 'bun';

/** The database's clock in milliseconds since 1970, as a part of a statement for PostgreSQL. */
export const NOW = (sql: SQL) => sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

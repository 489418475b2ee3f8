import { WIDE_COLUMNS } from '../records/histogram-columns.ts';
import type { Migration } from './migration.ts';

/**
 * The tables of the console. Times are milliseconds since 1970.
 *
 * - `console_accounts`, `console_sessions`: accounts and sessions. Secrets are stored as SHA-256. They are not part
 *   of the configuration, so neither an export nor a rollback touches them.
 * - `request_sums`: sums per minute and per hour (`step_s`) over all requests, or by model, provider or key
 *   (`dimension`), with histograms of durations (`d…`) and of times to the first byte (`f…`). A missing name is ''.
 * - `request_records`: how each attempt went and how the request was translated, as JSON. The indexes of the filters are
 *   made later, beside the requests (`records/record-indexes.ts`).
 */
const tables = (text: string, withoutRowid: string): string => `create table console_accounts (
  id ${text} primary key,
  name text not null,
  role text not null,
  secret_hash ${text} not null,
  is_enabled integer not null,
  created_ms bigint not null,
  last_used_ms bigint
);
create unique index console_accounts_by_name on console_accounts (name);
create unique index console_accounts_by_secret on console_accounts (secret_hash);
create table console_sessions (
  hash ${text} primary key,
  id ${text} not null,
  kind text not null,
  account ${text},
  name text not null,
  role text not null,
  credential text not null,
  address text not null,
  created_ms bigint not null,
  expires_ms bigint not null
);
create unique index console_sessions_by_id on console_sessions (id);
create table request_sums (
  step_s integer not null,
  dimension ${text} not null,
  from_ms bigint not null,
  name ${text} not null,
  requests bigint not null,
  failures bigint not null,
  fallbacks bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  cost_nano bigint not null,
${WIDE_COLUMNS.map((column) => `  ${column} integer not null`).join(',\n')},
  primary key (step_s, dimension, from_ms, name)
)${withoutRowid};
${COLUMNS.map(([name, type]) => `alter table request_records add column ${name} ${type};`).join('\n')}`;

/** All nullable: older rows lack them. */
const COLUMNS = [
  ['method', 'text'],
  ['endpoint', 'text'],
  ['code', 'text'],
  ['overhead_ms', 'integer'],
  ['has_fallback', 'integer'],
  ['attempts_json', 'text'],
  ['translation_json', 'text'],
] as const;

/** Their names never change. A column can only be dropped after its indexes. */
const INDEXES = [
  'request_records_by_id',
  'request_records_by_key',
  'request_records_by_model',
  'request_records_by_provider',
  'request_records_by_end_user',
  'request_records_failed',
];

const REMOVE = `${INDEXES.map((name) => `drop index if exists ${name};`).join('\n')}
${COLUMNS.toReversed()
  .map(([name]) => `alter table request_records drop column ${name};`)
  .join('\n')}
drop table request_sums;
drop table console_sessions;
drop table console_accounts;`;

export const console: Migration = {
  version: 7,
  name: 'console',
  up: { postgres: tables('text collate "C"', ''), sqlite: tables('text', ' without rowid') },
  down: { postgres: REMOVE, sqlite: REMOVE },
};

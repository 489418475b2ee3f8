import type { Migration } from './migration.ts';

/**
 * Owners of keys, and the ledger of spending. Times are milliseconds since 1970, amounts of money whole nano-dollars.
 *
 * - `teams`, `users`: resources, in the same shape as providers.
 * - `tombstones`: ids of deleted resources, which are not given again while reports may name them.
 * - `journals`: how far each journal file is stored. `acked` is a position in bytes; the same transaction stores the
 *   rows before it.
 * - `counter_windows`: the use of each limit per window and node. The node '' has the entries; `seq` is the newest one.
 * - `spend_quarters`: sums per 15 minutes, with the names as they were then. `end_bucket` is a hash of names and tags,
 *   so a rename begins a new row. `team_ids` is `/root/child/`. A missing name is ''.
 * - `spend_entries`: corrections; only inserted. `amount` is in nano-dollars, or in the unit of the entry's counter.
 * - `alerts`: one row per limit, window and threshold.
 * - `idempotency`: answers of the Admin API that a repeated request gets again, sealed.
 */
const tables = (kinds: ColumnKinds): string =>
  [owners(), counters(kinds), quarters(kinds), entries(kinds), answers(kinds), columns()].join('\n');

interface ColumnKinds {
  /** The type of a key: sorted by bytes, as in SQLite. */
  readonly text: string;
  readonly withoutRowid: string;
  readonly serial: string;
}

const owners = (): string => `${['teams', 'users']
  .map(
    (table) => `create table ${table} (
  id text primary key,
  position integer not null,
  body text not null,
  secrets text not null,
  created_at text not null,
  updated_at text not null
);`,
  )
  .join('\n')}
create table tombstones (
  kind text not null,
  id text not null,
  name text not null,
  deleted_ms bigint not null,
  primary key (kind, id)
);`;

const counters = ({ text, withoutRowid }: ColumnKinds): string => `create table journals (
  file ${text} primary key,
  node text not null,
  acked bigint not null,
  updated_ms bigint not null
);
create table counter_windows (
  counter ${text} not null,
  window_ms bigint not null,
  node ${text} not null,
  used bigint not null,
  seq bigint not null default 0,
  updated_ms bigint not null,
  primary key (counter, window_ms, node)
)${withoutRowid};
create index counter_windows_by_seq on counter_windows (seq) where seq > 0;`;

const quarters = ({ text, withoutRowid }: ColumnKinds): string => `create table spend_quarters (
  quarter_ms bigint not null,
  key_id ${text} not null,
  model ${text} not null,
  provider ${text} not null,
  end_bucket ${text} not null,
  key_name text not null default '',
  team text not null default '',
  team_path text not null default '',
  team_ids text not null default '',
  user_id text not null default '',
  user_name text not null default '',
  tags text not null default '',
  requests bigint not null default 0,
  refused bigint not null default 0,
  failures bigint not null default 0,
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  cost bigint not null default 0,
  unpriced bigint not null default 0,
  estimated_cost bigint not null default 0,
  lost_cost bigint not null default 0,
  saved bigint not null default 0,
  primary key (quarter_ms, key_id, model, provider, end_bucket)
)${withoutRowid};`;

const entries = ({ text, serial }: ColumnKinds): string => `create table spend_entries (
  id ${serial},
  at_ms bigint not null,
  created_ms bigint not null,
  counter text,
  window_ms bigint,
  key_id text,
  team text,
  user_name text,
  model text,
  provider text,
  amount bigint not null default 0,
  tokens bigint not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  kind text not null,
  reason text not null,
  actor text not null,
  source ${text} not null,
  external_id ${text} not null
);
create unique index spend_entries_by_source on spend_entries (source, external_id);
create index spend_entries_by_time on spend_entries (at_ms);`;

const answers = ({ text }: ColumnKinds): string => `create table alerts (
  counter ${text} not null,
  window_ms bigint not null,
  threshold double precision not null,
  id text not null,
  event text not null,
  state text not null,
  tries integer not null default 0,
  next_ms bigint not null default 0,
  created_ms bigint not null,
  status text,
  body text not null,
  primary key (counter, window_ms, threshold)
);
create table idempotency (
  key_hash ${text} primary key,
  body_hash text not null,
  answer text,
  until_ms bigint not null
);`;

const columns = (): string => `alter table price_sheets add column first_used_ms bigint;
${RECORD_COLUMNS.map(([name, type]) => `alter table request_records add column ${name} ${type};`).join('\n')}`;

/** All nullable: older rows lack them. `tags` and `attempts_cost` are JSON. */
const RECORD_COLUMNS = [
  ['provider_cost_nano', 'bigint'],
  ['saved_nano', 'bigint'],
  ['hold_nano', 'bigint'],
  ['attempts_cost', 'text'],
  ['tier', 'text'],
  ['cache_write_tokens', 'integer'],
  ['cache_write_1h_tokens', 'integer'],
  ['audio_input_tokens', 'integer'],
  ['audio_output_tokens', 'integer'],
  ['image_input_tokens', 'integer'],
  ['image_output_tokens', 'integer'],
  ['web_searches', 'integer'],
  ['key_id', 'text'],
  ['team', 'text'],
  ['team_path', 'text'],
  ['team_ids', 'text'],
  ['user_id', 'text'],
  ['user_name', 'text'],
  ['end_user', 'text'],
  ['tags', 'text'],
] as const;

const REMOVE = `${RECORD_COLUMNS.toReversed()
  .map(([name]) => `alter table request_records drop column ${name};`)
  .join('\n')}
alter table price_sheets drop column first_used_ms;
${[
  'idempotency',
  'alerts',
  'spend_entries',
  'spend_quarters',
  'counter_windows',
  'journals',
  'tombstones',
  'users',
  'teams',
]
  .map((table) => `drop table ${table};`)
  .join('\n')}`;

export const ownersAndLedger: Migration = {
  version: 6,
  name: 'owners-and-ledger',
  precious: 'spend_entries',
  up: {
    // Rows of counters are updated all the time: room in each page keeps their new versions beside the old ones.
    postgres: `${tables({ text: 'text collate "C"', withoutRowid: '', serial: 'bigint generated always as identity primary key' })}
alter table counter_windows set (fillfactor = 50);
create function spend_entries_are_insert_only() returns trigger language plpgsql as
  $$ begin raise exception 'spend_entries are only inserted'; end $$;
create trigger spend_entries_are_insert_only before update or delete on spend_entries
  for each row execute function spend_entries_are_insert_only();`,
    sqlite: `${tables({ text: 'text', withoutRowid: ' without rowid', serial: 'integer primary key' })}
create trigger spend_entries_update before update on spend_entries
  begin select raise(abort, 'spend_entries are only inserted'); end;
create trigger spend_entries_delete before delete on spend_entries
  begin select raise(abort, 'spend_entries are only inserted'); end;`,
  },
  down: {
    postgres: `${REMOVE}
drop function spend_entries_are_insert_only();`,
    sqlite: REMOVE,
  },
};

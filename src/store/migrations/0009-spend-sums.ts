import type { Migration } from './migration.ts';

/**
 * Sums of the ledger over longer times, from which reports read. Times are milliseconds since 1970.
 *
 * - `spend_sums`: sums of `spend_quarters` over `step_s` seconds, with the same names. They may be out of date.
 * - `spend_summed`: the steps whose sums are up to date. A change of a quarter deletes the rows of the steps around
 *   it, whatever program makes the change.
 */
const tables = (text: string, withoutRowid: string): string => `create table spend_sums (
  step_s integer not null,
  from_ms bigint not null,
  key_id ${text} not null,
  model ${text} not null,
  provider ${text} not null,
  end_bucket ${text} not null,
  key_name text not null,
  team text not null,
  team_path text not null,
  team_ids text not null,
  user_id text not null,
  user_name text not null,
  tags text not null,
  requests bigint not null,
  refused bigint not null,
  failures bigint not null,
  input_tokens bigint not null,
  cached_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost bigint not null,
  unpriced bigint not null,
  estimated_cost bigint not null,
  lost_cost bigint not null,
  saved bigint not null,
  primary key (step_s, from_ms, key_id, model, provider, end_bucket)
)${withoutRowid};
create table spend_summed (
  from_ms bigint not null,
  step_s integer not null,
  primary key (from_ms, step_s)
)${withoutRowid};`;

/** An hour, 4 hours, a day and 8 days, in seconds: the steps of `spend_sums`. */
const STEPS = [3600, 14_400, 86_400, 691_200] as const;

const EVENTS = ['insert', 'update', 'delete'] as const;

const sqliteTrigger = (event: (typeof EVENTS)[number]): string => {
  const at = `${event === 'delete' ? 'old' : 'new'}.quarter_ms`;
  const steps = STEPS.map((step) => `(${at} - ${at} % ${step * 1000}, ${step})`).join(', ');
  return `create trigger spend_summed_${event} after ${event} on spend_quarters begin
  delete from spend_summed where (from_ms, step_s) in (values ${steps});
end;`;
};

/** Rows are locked in one order, so that two writers cannot block each other for ever. */
const postgresFunction = `create function spend_quarters_changed() returns trigger language plpgsql as $$ begin
  perform 1 from spend_summed
    where (from_ms, step_s) in (
      select quarter_ms - quarter_ms % (step * 1000), step
        from (select distinct quarter_ms from changed) as quarters, unnest(array[${STEPS.join(', ')}]) as step)
    order by from_ms, step_s for update;
  if found then
    delete from spend_summed
      where (from_ms, step_s) in (
        select quarter_ms - quarter_ms % (step * 1000), step
          from (select distinct quarter_ms from changed) as quarters, unnest(array[${STEPS.join(', ')}]) as step);
  end if;
  return null;
end $$;`;

const postgresTrigger = (event: (typeof EVENTS)[number]): string =>
  `create trigger spend_summed_${event} after ${event} on spend_quarters
  referencing ${event === 'delete' ? 'old' : 'new'} table as changed
  for each statement execute function spend_quarters_changed();`;

const REMOVE = `drop table spend_summed;
drop table spend_sums;`;

export const spendSums: Migration = {
  version: 9,
  name: 'spend-sums',
  up: {
    postgres: [tables('text collate "C"', ''), postgresFunction, ...EVENTS.map(postgresTrigger)].join('\n'),
    sqlite: [tables('text', ' without rowid'), ...EVENTS.map(sqliteTrigger)].join('\n'),
  },
  down: {
    postgres: `${EVENTS.map((event) => `drop trigger spend_summed_${event} on spend_quarters;`).join('\n')}
drop function spend_quarters_changed();
${REMOVE}`,
    sqlite: `${EVENTS.map((event) => `drop trigger spend_summed_${event};`).join('\n')}
${REMOVE}`,
  },
};

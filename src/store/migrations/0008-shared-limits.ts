import type { Migration } from './migration.ts';

/**
 * Limits that several machines share. Times are milliseconds since 1970 by the database's clock.
 *
 * - `nodes`: the gateways that use this database. `life` rises with each start, so that nothing of an earlier life is
 *   counted; `beats` rises with each sign of life. `gone`: its claims were freed.
 * - `leases`: what a node has told of a counter. `pending` is used but not in `counter_windows` yet; `claim` is what it may
 *   still use. Always: `counter_windows` + `pending` + `claim` <= limit. A grant keeps this; no clock is in it.
 * - `shared_windows`: a row per counter and window, which is locked while it is granted from.
 */
const tables = (text: string, withoutRowid: string): string => `create table nodes (
  node ${text} primary key,
  life bigint not null,
  beats bigint not null,
  started_ms bigint not null,
  heartbeat_ms bigint not null,
  version text not null,
  gone integer not null
)${withoutRowid};
create table leases (
  counter ${text} not null,
  window_ms bigint not null,
  node ${text} not null,
  life bigint not null,
  seq bigint not null,
  pending bigint not null,
  claim bigint not null,
  at_ms bigint not null,
  primary key (counter, window_ms, node)
)${withoutRowid};
create index leases_by_node on leases (node);
create table shared_windows (
  counter ${text} not null,
  window_ms bigint not null,
  end_ms bigint not null,
  recall_ms bigint not null,
  primary key (counter, window_ms)
)${withoutRowid};`;

/**
 * Takes reports and grants leases, in one call. Each statement within it sees what was committed before it, so the sums
 * are read after the lock was taken. Returns null if the node has been forgotten.
 */
const ACQUIRE = `create function llm_proxy_acquire(my_node text, my_life bigint, is_tick boolean, reports jsonb)
returns jsonb language plpgsql as $$
declare
  r record;
  now_ms bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
  live bigint;
  ledger numeric;
  spent numeric;
  claims numeric;
  room numeric;
  given numeric;
  recalled bigint;
  has_granted boolean := false;
  answers jsonb := '[]'::jsonb;
begin
  if is_tick then
    update nodes set beats = beats + 1, heartbeat_ms = now_ms where node = my_node and life = my_life and gone = 0;
  else
    perform 1 from nodes where node = my_node and life = my_life and gone = 0 for share;
  end if;
  if not found then
    return null;
  end if;
  select count(*) into live from nodes where gone = 0 and heartbeat_ms > now_ms - 5000;
  insert into shared_windows (counter, window_ms, end_ms, recall_ms)
    select c, w, e, 0 from jsonb_to_recordset(reports) as x(c text, w bigint, e bigint)
    order by c collate "C", w on conflict do nothing;
  perform 1 from shared_windows s
    where (s.counter, s.window_ms) in (select c, w from jsonb_to_recordset(reports) as x(c text, w bigint))
    order by s.counter, s.window_ms for update;
  for r in select * from jsonb_to_recordset(reports) as x(
    c text, w bigint, s bigint, p numeric, h numeric, n numeric, t numeric, l numeric, rest boolean) loop
    insert into leases (counter, window_ms, node, life, seq, pending, claim, at_ms)
      values (r.c, r.w, my_node, my_life, r.s, r.p, r.h, now_ms)
      on conflict (counter, window_ms, node) do update
      set life = excluded.life, seq = excluded.seq, pending = excluded.pending, claim = excluded.claim,
        at_ms = excluded.at_ms
      where leases.life < excluded.life or (leases.life = excluded.life and leases.seq < excluded.seq);
    if not found then
      continue;
    end if;
    select coalesce(sum(used), 0) into ledger from counter_windows where counter = r.c and window_ms = r.w;
    select coalesce(sum(pending), 0), coalesce(sum(claim), 0) into spent, claims from leases
      where counter = r.c and window_ms = r.w;
    room := r.l - ledger - spent - claims;
    given := 0;
    if r.t > 0 and room > 0 then
      if room >= r.n then
        given := least(r.t, room);
      elsif r.rest and claims = r.h then
        given := room;
      end if;
    end if;
    if given > 0 then
      has_granted := true;
      update leases set claim = claim + given where counter = r.c and window_ms = r.w and node = my_node;
    elsif r.n > 0 and claims > r.h then
      update shared_windows set recall_ms = now_ms + 600 where counter = r.c and window_ms = r.w;
    end if;
    select recall_ms into recalled from shared_windows where counter = r.c and window_ms = r.w;
    answers := answers || jsonb_build_object('c', r.c, 'w', r.w, 's', r.s, 'g', given, 'f', room - given,
      'u', ledger + spent, 'o', claims - r.h, 'r', recalled > now_ms);
  end loop;
  if not has_granted then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  return jsonb_build_object('live', live, 'answers', answers);
end $$;`;

export const sharedLimits: Migration = {
  version: 8,
  name: 'shared-limits',
  up: {
    // Rows of leases are updated all the time: room in each page keeps their new versions beside the old ones.
    postgres: `${tables('text collate "C"', '')}
alter table leases set (fillfactor = 50);
alter table shared_windows set (fillfactor = 50);
${ACQUIRE}`,
    sqlite: tables('text', ' without rowid'),
  },
  down: {
    postgres: `drop function llm_proxy_acquire(text, bigint, boolean, jsonb);
drop table shared_windows; drop table leases; drop table nodes;`,
    sqlite: 'drop table shared_windows; drop table leases; drop table nodes;',
  },
};

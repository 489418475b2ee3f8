import type { Migration } from './migration.ts';

/**
 * Buckets and slots that several machines share.
 *
 * - `shared_windows.level_ms`: when a bucket is full, in milliseconds since 1970 by the database's clock.
 * - `nodes.alone_ms`: when a node last said that it does not hear the answers.
 *
 * In `leases`, `pending` of a bucket is all that a life of a node has used, and of slots what is under way; `claim` is what it
 * may use besides.
 */
const columns = `alter table shared_windows add column level_ms double precision not null default 0;
alter table nodes add column alone_ms bigint not null default 0;`;

const DROP_COLUMNS =
  'alter table shared_windows drop column level_ms; alter table nodes drop column alone_ms;';

/**
 * As `llm_proxy_acquire` of the step `shared-limits`, for buckets and slots, too.
 *
 * A node that is silent, or hears no answers, uses its share of a bucket. For a minute the others get what is left of it. Of the
 * slots of a silent node, its share stays taken for as long.
 */
export const LEASE = `create function llm_proxy_lease(my_node text, my_life bigint, is_tick boolean, is_alone boolean, reports jsonb)
returns jsonb language plpgsql as $$
declare
  r record;
  prior record;
  now_ms double precision := extract(epoch from clock_timestamp()) * 1000;
  live bigint;
  known bigint;
  part double precision;
  level double precision;
  spent numeric;
  claims numeric;
  others numeric;
  room numeric;
  given numeric;
  recalled bigint;
  has_granted boolean := false;
  answers jsonb := '[]'::jsonb;
begin
  if is_tick then
    update nodes set beats = beats + 1, heartbeat_ms = now_ms::bigint, alone_ms = case when is_alone then now_ms::bigint else 0 end
      where node = my_node and life = my_life and gone = 0;
  else
    perform 1 from nodes where node = my_node and life = my_life and gone = 0 for share;
  end if;
  if not found then
    return null;
  end if;
  select count(*) filter (where heartbeat_ms > now_ms - 5000), count(*),
    1 - count(*) filter (where node <> my_node and (heartbeat_ms < now_ms - 3000 or alone_ms > now_ms - 3000))
      / greatest(count(*), 1)::double precision
    into live, known, part from nodes where gone = 0 and heartbeat_ms > now_ms - 60000;
  insert into shared_windows (counter, window_ms, end_ms, recall_ms)
    select c, w, e, 0 from jsonb_to_recordset(reports) as x(c text, w bigint, e bigint)
    order by c collate "C", w on conflict do nothing;
  perform 1 from shared_windows s
    where (s.counter, s.window_ms) in (select c, w from jsonb_to_recordset(reports) as x(c text, w bigint))
    order by s.counter, s.window_ms for update;
  for r in select * from jsonb_to_recordset(reports) as x(
    c text, w bigint, e bigint, s bigint, p numeric, h numeric, n numeric, t numeric, l numeric, rest boolean,
    k text, v double precision) loop
    select life, seq, pending, claim into prior from leases
      where counter = r.c and window_ms = r.w and node = my_node;
    if found and (prior.life > my_life or (prior.life = my_life and prior.seq >= r.s)) then
      continue;
    end if;
    given := 0;
    if r.k = 'bucket' then
      select level_ms into level from shared_windows where counter = r.c and window_ms = r.w;
      -- The clock may have been set back, which must not close the bucket for as long.
      level := least(greatest(level, now_ms), now_ms + 2 * r.l / r.v) + r.h / (r.v * part);
      if prior.life = my_life then
        level := greatest(now_ms, level + (r.p - prior.pending - prior.claim) / (r.v * part));
      end if;
      room := floor(r.l * part - (level - now_ms) * r.v * part + 0.000001);
      if r.t > 0 and (room >= r.n or level <= now_ms) then
        given := greatest(r.n, least(r.t, room));
        level := level + given / (r.v * part);
      end if;
      update shared_windows set level_ms = level, end_ms = greatest(end_ms, r.e)
        where counter = r.c and window_ms = r.w;
    end if;
    insert into leases (counter, window_ms, node, life, seq, pending, claim, at_ms)
      values (r.c, r.w, my_node, my_life, r.s, r.p, r.h + given, now_ms::bigint)
      on conflict (counter, window_ms, node) do update
      set life = excluded.life, seq = excluded.seq, pending = excluded.pending, claim = excluded.claim,
        at_ms = excluded.at_ms;
    if r.k = 'bucket' then
      answers := answers || jsonb_build_object('c', r.c, 'w', r.w, 's', r.s, 'g', given, 'f', room - given, 'u', 0, 'o', 0,
        'r', false, 'm', level - now_ms);
      continue;
    end if;
    if r.k = 'slots' then
      select coalesce(sum(case when n.heartbeat_ms > now_ms - 5000 then x.pending
          else least(x.pending + x.claim, greatest(1, floor(r.l / known))) end), 0),
        coalesce(sum(x.claim) filter (where n.heartbeat_ms > now_ms - 5000), 0)
        into spent, claims from leases x join nodes n on n.node = x.node
        where x.counter = r.c and x.window_ms = r.w and n.gone = 0 and n.heartbeat_ms > now_ms - 60000;
      update shared_windows set end_ms = greatest(end_ms, r.e) where counter = r.c and window_ms = r.w;
    else
      select coalesce(sum(used), 0) into spent from counter_windows where counter = r.c and window_ms = r.w;
      select spent + coalesce(sum(pending), 0), coalesce(sum(claim), 0) into spent, claims from leases
        where counter = r.c and window_ms = r.w;
    end if;
    others := claims - r.h;
    room := r.l - spent - claims;
    if r.t > 0 and room > 0 then
      if room >= r.n then
        given := least(r.t, room);
      elsif r.rest and others = 0 then
        given := room;
      end if;
    end if;
    if given > 0 then
      has_granted := true;
      update leases set claim = claim + given where counter = r.c and window_ms = r.w and node = my_node;
    elsif r.n > 0 and others > 0 then
      update shared_windows set recall_ms = now_ms::bigint + 600 where counter = r.c and window_ms = r.w;
    end if;
    select recall_ms into recalled from shared_windows where counter = r.c and window_ms = r.w;
    answers := answers || jsonb_build_object('c', r.c, 'w', r.w, 's', r.s, 'g', given, 'f', room - given, 'u', spent,
      'o', others, 'r', recalled > now_ms, 'm', 0);
  end loop;
  if not has_granted then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  return jsonb_build_object('live', live, 'answers', answers);
end $$;`;

export const sharedRates: Migration = {
  version: 13,
  name: 'shared-rates',
  up: { postgres: `${columns}\n${LEASE}`, sqlite: columns },
  down: {
    postgres: `drop function llm_proxy_lease(text, bigint, boolean, boolean, jsonb);\n${DROP_COLUMNS}`,
    sqlite: DROP_COLUMNS,
  },
};

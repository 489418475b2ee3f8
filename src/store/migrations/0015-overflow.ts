import { LEASE as LEASE_BEFORE } from './0013-shared-rates.ts';
import type { Migration } from './migration.ts';

/**
 * Buckets count what flows over, so that a node pays for what it has used of its share.
 *
 * - `shared_windows.level_at_ms`: when `level_ms` was written; 0: by an earlier version.
 * - `shared_windows.overflow`: the units that flowed in and found the bucket full, or were left to nodes that are cut off, less
 *   what those have used of it.
 * - `shared_windows.kept`: the part of it that was left to nodes and would have flowed in otherwise.
 * - `leases.alone`: how much of its share of a bucket a life of a node has used, and `overflow`: that of the bucket when it told so.
 */
const columns = `alter table shared_windows add column level_at_ms double precision not null default 0;
alter table shared_windows add column overflow double precision not null default 0;
alter table shared_windows add column kept double precision not null default 0;
alter table leases add column alone double precision not null default 0;
alter table leases add column overflow double precision not null default 0;`;

const DROP_COLUMNS = `alter table shared_windows drop column level_at_ms; alter table shared_windows drop column overflow;
alter table shared_windows drop column kept; alter table leases drop column alone; alter table leases drop column overflow;`;

const SIGNATURE = 'llm_proxy_lease(text, bigint, boolean, boolean, jsonb)';

/**
 * As in the step `shared-rates`, and a report tells how much of its share its node has used (`a`). If no life of the node has told
 * of the bucket, only the part that has not flowed in again counts (`y`).
 *
 * While a node is silent or hears no answers, its part of the rate does not flow into the bucket, but over. The use of its
 * share is taken from what flowed over since it last told, and the rest from the bucket. Units are moved and never
 * made, so the bucket stays as full as that of one machine. A node that is back pays no more than its share and 4 seconds of it, since
 * a minute later the others have taken it for lost. The time of a clock that was set back does not count twice,
 * and the signs of life from before do not hide that a node is silent.
 */
const LEASE = `create or replace function llm_proxy_lease(my_node text, my_life bigint, is_tick boolean, is_alone boolean, reports jsonb)
returns jsonb language plpgsql as $$
declare
  r record;
  prior record;
  now_ms double precision := extract(epoch from clock_timestamp()) * 1000;
  live bigint;
  known bigint;
  part double precision;
  newest double precision;
  level double precision;
  noted double precision;
  debt double precision;
  spilt double precision;
  saved double precision;
  passed double precision;
  more double precision;
  credit double precision;
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
  select max(heartbeat_ms), count(*) filter (where heartbeat_ms > now_ms - 5000), greatest(count(*), 1),
    greatest(count(*) filter (where heartbeat_ms >= now_ms - 3000 and alone_ms <= now_ms - 3000), 1)
      / greatest(count(*), 1)::double precision
    into newest, live, known, part from nodes where gone = 0 and heartbeat_ms > now_ms - 60000;
  if newest > now_ms + 1000 then
    -- The clock was set back. A silent node must not look alive until it shows that time again.
    update nodes set heartbeat_ms = now_ms::bigint - 3000 where node in (
      select node from nodes where gone = 0 and heartbeat_ms > now_ms + 1000 for update skip locked);
  end if;
  insert into shared_windows (counter, window_ms, end_ms, recall_ms)
    select c, w, e, 0 from jsonb_to_recordset(reports) as x(c text, w bigint, e bigint)
    order by c collate "C", w on conflict do nothing;
  perform 1 from shared_windows s
    where (s.counter, s.window_ms) in (select c, w from jsonb_to_recordset(reports) as x(c text, w bigint))
    order by s.counter, s.window_ms for update;
  -- Others may have had the lock until now.
  now_ms := extract(epoch from clock_timestamp()) * 1000;
  for r in select * from jsonb_to_recordset(reports) as x(
    c text, w bigint, e bigint, s bigint, p numeric, h numeric, n numeric, t numeric, l numeric, rest boolean,
    k text, v double precision, a double precision, y double precision) loop
    select life, seq, pending, claim, alone, overflow into prior from leases
      where counter = r.c and window_ms = r.w and node = my_node;
    if found and (prior.life > my_life or (prior.life = my_life and prior.seq >= r.s)) then
      continue;
    end if;
    given := 0;
    spilt := 0;
    if r.k = 'bucket' then
      select level_ms, level_at_ms, overflow, kept into level, noted, spilt, saved
        from shared_windows where counter = r.c and window_ms = r.w;
      noted := case when noted = 0 then now_ms else noted end;
      passed := greatest(0, now_ms - noted) * r.v;
      debt := least(greatest(0, level - noted) * r.v, 2 * r.l + 4000 * r.v);
      spilt := spilt + passed - least(debt, passed * part);
      saved := saved + passed * (1 - part);
      debt := debt - least(debt, passed * part) + r.h;
      if prior.life is not null then
        -- The claim of an earlier life counts as used, and the use that it had not told is lost.
        more := coalesce(r.a - case when prior.life = my_life then prior.alone else 0 end, 0);
        credit := greatest(0, least(more, spilt - prior.overflow));
        spilt := spilt - credit;
        saved := greatest(0, saved - credit);
        debt := debt + least(more - credit, (r.l + 4000 * r.v) / known);
        if prior.life = my_life then
          debt := debt + r.p - prior.pending - prior.claim;
        end if;
      else
        debt := debt + coalesce(r.y, 0);
      end if;
      spilt := spilt + greatest(0, -debt);
      debt := greatest(0, debt);
      saved := greatest(0, least(saved, debt, spilt));
      if part = 1 then
        -- Everybody is back, so what was left to them and not used flows in.
        debt := debt - saved;
        spilt := spilt - saved;
        saved := 0;
      end if;
      room := floor(r.l - debt + 0.000001);
      if r.t > 0 and (room >= r.n or debt = 0) then
        given := greatest(r.n, least(r.t, room));
        debt := debt + given;
      end if;
      level := now_ms + debt / r.v;
      update shared_windows set level_ms = level, level_at_ms = now_ms, overflow = spilt, kept = saved,
          end_ms = greatest(end_ms, r.e)
        where counter = r.c and window_ms = r.w;
    end if;
    insert into leases (counter, window_ms, node, life, seq, pending, claim, at_ms, alone, overflow)
      values (r.c, r.w, my_node, my_life, r.s, r.p, r.h + given, now_ms::bigint, coalesce(r.a, 0),
        -- One that hears no answers goes on to use what flows over.
        case when is_alone and prior.life is not null then prior.overflow else spilt end)
      on conflict (counter, window_ms, node) do update
      set life = excluded.life, seq = excluded.seq, pending = excluded.pending, claim = excluded.claim,
        at_ms = excluded.at_ms, alone = excluded.alone, overflow = excluded.overflow;
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

export const overflow: Migration = {
  version: 15,
  name: 'overflow',
  up: { postgres: `${columns}\n${LEASE}`, sqlite: columns },
  down: { postgres: `drop function ${SIGNATURE};\n${LEASE_BEFORE}\n${DROP_COLUMNS}`, sqlite: DROP_COLUMNS },
};

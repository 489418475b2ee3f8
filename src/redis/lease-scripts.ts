import { type Script, scriptOf } from './script.ts';

/*
 * Keys, all in one slot: `epoch` (hash), `nodes` (hash), `alone` (hash: NODE → when it last said that it does not hear the answers,
 * ms), and of each counter and window a hash; `of:NODE` (set) names the counters of which a node has a claim.
 *
 * epoch: run = the server process, gen = a random name of the era, open = whether leases are granted, at = since when (ms),
 * live, known, silent = how many nodes were so, and counted = when (ms).
 * nodes: NODE → "life beats ms gone".
 * A counter: g = the era that it belongs to, b = sum of its entries in the ledger, s = the newest of these, k = whether the
 * ledger was brought, u = what all nodes have used, l = what all claim, r = recalled until (ms), and of each node c:NODE =
 * used in this window, h:NODE = claimed, n:NODE = life * 2^32 + seq. A bucket has t = when it is full (ms), at = when that
 * was written (ms; none: by an earlier version), o = what flowed over less what nodes have used of it, w = the part of o
 * that was left to nodes that are cut off and would have flowed in otherwise, c:NODE = what this life has used,
 * a:NODE = what of its share, and o:NODE = o when it told that; slots have f = s, c:NODE is under way, and h:NODE is claimed besides.
 *
 * Amounts are decimal text, which Lua reads and writes exactly up to 2^53. A script writes all of a counter at once.
 */

/** The functions in Lua that every script begins with. */
export const COMMON = `
local function text(n) return string.format('%.0f', n) end
local function exact(n) return string.format('%.17g', n) end
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local function parts(row)
  local life, beats, ms, gone = string.match(row or '', '^(%d+) (%d+) (%d+) (%d)$')
  return tonumber(life), tonumber(beats), tonumber(ms), gone == '1'
end
-- The era: a new one if this is another server process, or if it has lost its keys.
local function era(epoch, nodes, fresh)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  local e = redis.call('HMGET', epoch, 'run', 'gen', 'open', 'at')
  if e[1] == run then return e[2], e[3] == '1', tonumber(e[4]) end
  redis.call('DEL', nodes)
  redis.call('HSET', epoch, 'run', run, 'gen', fresh, 'open', '0', 'at', '0')
  return fresh, false, 0
end
`;

const WINDOW = `
local function window(key, q)
  local c = redis.call('HMGET', key, 'g', 'b', 'k', 'u', 'l', 'r', 'c:' .. node, 'h:' .. node, 'n:' .. node)
  if c[1] and c[1] ~= gen then
    redis.call('DEL', key)
    c = {}
  end
  local based = c[3] == '1'
  if open and not based then return {'base', text(since), '', '', '', '', ''} end
  if tonumber(c[9] or '-1') >= q.mine then return IGNORED end
  local spent = tonumber(c[4] or '0') - tonumber(c[7] or '0') + q.used
  local claims = tonumber(c[5] or '0') - tonumber(c[8] or '0') + q.claim
  local room = q.limit - tonumber(c[2] or '0') - spent - claims
  local given, recall = grant(q, room, claims - q.claim, tonumber(c[6] or '0'))
  redis.call('HSET', key, 'g', gen, 'k', based and '1' or '0', 'u', text(spent), 'l', text(claims + given), 'r', text(recall),
    'c:' .. node, text(q.used), 'h:' .. node, text(q.claim + given), 'n:' .. node, text(q.mine))
  redis.call('PEXPIRE', key, q.keep)
  if q.claim + given > 0 then redis.call('SADD', own, key) else redis.call('SREM', own, key) end
  return {q.seq, text(given), text(room - given), text(q.limit - room - claims), text(claims - q.claim),
    recall > ms and '1' or '0', '0'}
end
`;

const BUCKET = `
local function bucket(key, q)
  local c = redis.call('HMGET', key, 'g', 't', 'at', 'o', 'c:' .. node, 'h:' .. node, 'n:' .. node, 'a:' .. node, 'o:' .. node, 'w')
  if c[1] and c[1] ~= gen then
    redis.call('DEL', key)
    c = {}
  end
  local last = tonumber(c[7] or '-1')
  if last >= q.mine then return IGNORED end
  local noted, slack = tonumber(c[3] or text(ms)), 4000 * q.perMs
  local passed = math.max(0, ms - noted) * q.perMs
  local debt = math.min(math.max(0, tonumber(c[2] or '0') - noted) * q.perMs, 2 * q.limit + slack)
  local flowed = math.min(debt, passed * part)
  local over, kept = tonumber(c[4] or '0') + passed - flowed, tonumber(c[10] or '0') + passed * (1 - part)
  debt = debt - flowed
  -- A bucket that was lost is as full as the nodes know, also those that are heard late.
  if not c[7] or not open then debt = math.max(debt, q.fullIn * q.perMs) end
  debt = debt + q.claim
  if c[7] then
    -- The claim of an earlier life counts as used, and the use that it had not told is lost.
    local same = last >= life * LIFE
    local more = q.alone - (same and tonumber(c[8] or '0') or 0)
    local credit = math.max(0, math.min(more, over - tonumber(c[9] or '0')))
    over, kept = over - credit, math.max(0, kept - credit)
    debt = debt + math.min(more - credit, (q.limit + slack) / known)
    if same then debt = debt + q.used - tonumber(c[5]) - tonumber(c[6]) end
  else debt = debt + q.aloneLeft end
  -- One that hears no answers goes on to use what flows over.
  local told = ARGV[5] == '1' and c[9]
  over = over + math.max(0, -debt)
  debt = math.max(0, debt)
  kept = math.max(0, math.min(kept, debt, over))
  -- Everybody is back, so what was left to them and not used flows in.
  if part == 1 then debt, over, kept = debt - kept, over - kept, 0 end
  local room, given = math.floor(q.limit - debt + 0.000001), 0
  if open and q.want > 0 and (room >= q.need or debt == 0) then
    given = math.max(q.need, math.min(q.want, room))
    debt = debt + given
  end
  redis.call('HSET', key, 'g', gen, 't', exact(ms + debt / q.perMs), 'at', text(ms), 'o', exact(over), 'w', exact(kept), 'c:' .. node, text(q.used),
    'h:' .. node, text(q.claim + given), 'n:' .. node, text(q.mine), 'a:' .. node, exact(q.alone), 'o:' .. node, told or exact(over))
  redis.call('PEXPIRE', key, q.keep)
  return {q.seq, text(given), text(room - given), '0', '0', '0', exact(debt / q.perMs)}
end
`;

const SLOTS = `
local rows
local function slots(key, q)
  rows = rows or map(redis.call('HGETALL', nodes))
  local c = map(redis.call('HGETALL', key))
  if c.g and c.g ~= gen then
    redis.call('DEL', key)
    c = {}
  end
  if tonumber(c['n:' .. node] or '-1') >= q.mine then return IGNORED end
  local spent, claims = q.used, q.claim
  for field, at in pairs(c) do
    local id = string.match(field, '^c:(.*)$')
    local of, _, seen, gone = parts(rows[id])
    if of and id ~= node and not gone and seen > ms - 60000 then
      local busy, idle = tonumber(at), tonumber(c['h:' .. id])
      if seen > ms - 5000 then spent, claims = spent + busy, claims + idle
      else spent = spent + math.min(busy + idle, math.max(1, math.floor(q.limit / known))) end
    end
  end
  local room = q.limit - spent - claims
  local given, recall = grant(q, room, claims - q.claim, tonumber(c.r or '0'))
  redis.call('HSET', key, 'g', gen, 'f', 's', 'r', text(recall), 'c:' .. node, text(q.used), 'h:' .. node, text(q.claim + given),
    'n:' .. node, text(q.mine))
  redis.call('PEXPIRE', key, q.keep)
  if q.used + q.claim + given > 0 then redis.call('SADD', own, key) else redis.call('SREM', own, key) end
  return {q.seq, text(given), text(room - given), text(spent), text(claims - q.claim), recall > ms and '1' or '0', '0'}
end
`;

/**
 * KEYS: epoch, nodes, of:NODE, alone, then a counter for each report. ARGV: a name for a new era, node, life, whether it is a tick,
 * whether it hears no answers, then for each report: seq, used, claim, need, want, limit, takesRest, the time to keep the counter
 * (ms), its form, and of a bucket the units of a millisecond, when the node believes that it is full (ms from now), what it has used of its
 * share, and how much of that it has not told and has not flowed in again. Returns
 * {'gone'}, or {'unknown', era}, or {'ok', live nodes, then of each report: seq, granted, free, used, others, recalled, when a bucket is
 * full (ms from now); or seven times '' (ignored); or 'base' (bring the ledger), the time since which leases are granted, and five
 * times ''}.
 */
export const ACQUIRE: Script = scriptOf(`${COMMON}
local epoch, nodes, own, alone = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local node, life = ARGV[2], tonumber(ARGV[3])
local LIFE, IGNORED = 4294967296, {'', '', '', '', '', '', ''}
local gen, open, since = era(epoch, nodes, ARGV[1])
local ms = now()
local was, beats, _, gone = parts(redis.call('HGET', nodes, node))
if was and (gone and was >= life or was > life) then return {'gone'} end
if was ~= life then beats = beats or 0 end
if ARGV[4] == '1' or was ~= life then
  redis.call('HSET', nodes, node, life .. ' ' .. (beats + 1) .. ' ' .. text(ms) .. ' 0')
end
local function map(list)
  local all = {}
  for i = 1, #list, 2 do all[list[i]] = list[i + 1] end
  return all
end
local live, known, silent = 0, 0, 0
local e = redis.call('HMGET', epoch, 'live', 'known', 'silent', 'counted')
if ARGV[4] == '1' then
  if ARGV[5] == '1' then redis.call('HSET', alone, node, text(ms)) else redis.call('HDEL', alone, node) end
end
if ARGV[4] == '1' or tonumber(e[4] or '0') < ms - 200 then
  local deaf = map(redis.call('HGETALL', alone))
  for id, row in pairs(map(redis.call('HGETALL', nodes))) do
    local its, told, seen, left = parts(row)
    if not left and seen > ms + 1000 then
      -- The clock was set back. A silent node must not look alive until it shows that time again.
      seen = ms - 3000
      redis.call('HSET', nodes, id, its .. ' ' .. told .. ' ' .. text(seen) .. ' 0')
    end
    if not left and seen > ms - 60000 then
      known = known + 1
      if seen > ms - 5000 then live = live + 1 end
      if seen < ms - 3000 or tonumber(deaf[id] or '0') > ms - 3000 then silent = silent + 1 end
    end
  end
  redis.call('HSET', epoch, 'live', tostring(live), 'known', tostring(known), 'silent', tostring(silent), 'counted', text(ms))
else
  live, known, silent = tonumber(e[1] or '1'), tonumber(e[2] or '1'), tonumber(e[3] or '0')
end
known = math.max(1, known)
-- The part of what flows into buckets that is not left to those who use their shares.
local part = math.max(1, known - silent) / known
local function grant(q, room, others, recall)
  local given = 0
  if not open then return given, recall end
  if q.want > 0 and room > 0 then
    if room >= q.need then given = math.min(q.want, room)
    elseif q.rest and others == 0 then given = room end
  end
  if given == 0 and q.need > 0 and others > 0 then recall = ms + 600 end
  return given, recall
end
${WINDOW}${BUCKET}${SLOTS}
local of = {window = window, bucket = bucket, slots = slots}
local answer = {open and 'ok' or 'unknown', open and tostring(live) or gen}
for i = 5, #KEYS do
  local a = 5 + (i - 5) * 13
  local q = {seq = ARGV[a + 1], mine = life * LIFE + tonumber(ARGV[a + 1]), used = tonumber(ARGV[a + 2]),
    claim = tonumber(ARGV[a + 3]), need = tonumber(ARGV[a + 4]), want = tonumber(ARGV[a + 5]), limit = tonumber(ARGV[a + 6]),
    rest = ARGV[a + 7] == '1', keep = ARGV[a + 8], perMs = tonumber(ARGV[a + 10]), fullIn = tonumber(ARGV[a + 11]),
    alone = tonumber(ARGV[a + 12]), aloneLeft = tonumber(ARGV[a + 13])}
  local told = of[ARGV[a + 9]](KEYS[i], q)
  if open then
    for _, v in ipairs(told) do answer[#answer + 1] = v end
  end
end
return answer
`);

/**
 * Brings what the ledger has of one counter. KEYS: epoch, nodes, counter. ARGV: a name for a new era, the time to keep the
 * counter (ms; 0: as it is, if it is there), the sum of its entries, the newest of these, then each node and its use. A node that has told more keeps it.
 */
export const BASE: Script = scriptOf(`${COMMON}
local gen, open = era(KEYS[1], KEYS[2], ARGV[1])
if not open then return 0 end
local key = KEYS[3]
local c = redis.call('HMGET', key, 'g', 'u', 's')
if c[1] and c[1] ~= gen then
  redis.call('DEL', key)
  c = {}
end
if ARGV[2] == '0' and not c[1] then return 0 end
local spent = tonumber(c[2] or '0')
local set = {'g', gen, 'k', '1'}
if tonumber(c[3] or '-1') <= tonumber(ARGV[4]) then
  for _, v in ipairs({'b', ARGV[3], 's', ARGV[4]}) do set[#set + 1] = v end
end
for i = 5, #ARGV, 2 do
  local field, used = 'c:' .. ARGV[i], tonumber(ARGV[i + 1])
  local told = tonumber(redis.call('HGET', key, field) or '0')
  if used > told then
    spent = spent + used - told
    set[#set + 1] = field
    set[#set + 1] = ARGV[i + 1]
  end
end
set[#set + 1] = 'u'
set[#set + 1] = text(spent)
redis.call('HSET', key, unpack(set))
if ARGV[2] ~= '0' then redis.call('PEXPIRE', key, ARGV[2]) end
return 1
`);

/**
 * An entry of the ledger. KEYS: epoch, nodes, counter. ARGV: a name for a new era, the sum of the entries, the newest,
 * the time to keep the counter (ms).
 */
export const ENTER: Script = scriptOf(`${COMMON}
local gen = era(KEYS[1], KEYS[2], ARGV[1])
local c = redis.call('HMGET', KEYS[3], 'g', 's')
if c[1] ~= gen then
  redis.call('DEL', KEYS[3])
  c = {}
end
if tonumber(c[2] or '-1') >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[3], 'g', gen, 'b', ARGV[2], 's', ARGV[3])
if not c[1] then redis.call('PEXPIRE', KEYS[3], ARGV[4]) end
return 1
`);

import { type Script, scriptOf } from './script.ts';

/*
 * Keys, all in one slot: `epoch` (hash), `nodes` (hash), and of each counter and window a hash; `of:NODE` (set) names the
 * counters of which a node has a claim.
 *
 * epoch: run = the server process, gen = a random name of the era, open = whether leases are granted, at = since when (ms),
 * live = how many nodes were live at the last tick.
 * nodes: NODE → "life beats ms gone".
 * A counter: g = the era that it belongs to, b = sum of its entries in the ledger, s = the newest of these, k = whether the
 * ledger was brought, u = what all nodes have used, l = what all claim, r = recalled until (ms), and of each node c:NODE =
 * used in this window, h:NODE = claimed, n:NODE = life * 2^32 + seq.
 *
 * Amounts are decimal text, which Lua reads and writes exactly up to 2^53. A script writes all of a counter at once.
 */

const COMMON = `
local function text(n) return string.format('%.0f', n) end
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

/**
 * KEYS: epoch, nodes, of:NODE, then a counter for each report. ARGV: a name for a new era, node, life, whether it is a tick,
 * then for each report: seq, used, claim, need, want, limit, takesRest, and the time to keep the counter (ms). Returns {'gone'}, or
 * {'unknown', era}, or {'ok', live nodes, then of each report: seq, granted, free, used, others, recalled; or six times ''
 * (ignored); or 'base' (bring the ledger), the time since which leases are granted, and four times ''}.
 */
export const ACQUIRE: Script = scriptOf(`${COMMON}
local epoch, nodes, own = KEYS[1], KEYS[2], KEYS[3]
local node, life = ARGV[2], tonumber(ARGV[3])
local gen, open, since = era(epoch, nodes, ARGV[1])
local ms = now()
local known, beats, at, gone = parts(redis.call('HGET', nodes, node))
if known and (gone and known >= life or known > life) then return {'gone'} end
if known ~= life then beats = beats or 0 end
if ARGV[4] == '1' or known ~= life then
  redis.call('HSET', nodes, node, life .. ' ' .. (beats + 1) .. ' ' .. text(ms) .. ' 0')
end
local live = 0
if ARGV[4] == '1' then
  for _, row in ipairs(redis.call('HVALS', nodes)) do
    local _, _, seen, left = parts(row)
    if not left and seen > ms - 5000 then live = live + 1 end
  end
  redis.call('HSET', epoch, 'live', tostring(live))
else
  live = redis.call('HGET', epoch, 'live') or '1'
end
local answer = {open and 'ok' or 'unknown', open and tostring(live) or gen}
for i = 4, #KEYS do
  local key, a = KEYS[i], 4 + (i - 4) * 8
  local seq, used, claim = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local need, want, limit = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
  local rest, keep = ARGV[a + 7] == '1', ARGV[a + 8]
  local c = redis.call('HMGET', key, 'g', 'b', 'k', 'u', 'l', 'r', 'c:' .. node, 'h:' .. node, 'n:' .. node)
  if c[1] and c[1] ~= gen then
    redis.call('DEL', key)
    c = {}
  end
  local based = c[3] == '1'
  local mine = life * 4294967296 + seq
  if open and not based then
    for _, v in ipairs({'base', text(since), '', '', '', ''}) do answer[#answer + 1] = v end
  elseif tonumber(c[9] or '-1') >= mine then
    for _ = 1, 6 do answer[#answer + 1] = '' end
  else
    local spent = tonumber(c[4] or '0') - tonumber(c[7] or '0') + used
    local claims = tonumber(c[5] or '0') - tonumber(c[8] or '0') + claim
    local room = limit - tonumber(c[2] or '0') - spent - claims
    local given, recall = 0, tonumber(c[6] or '0')
    if open then
      if want > 0 and room > 0 then
        if room >= need then given = math.min(want, room)
        elseif rest and claims == claim then given = room end
      end
      if given == 0 and need > 0 and claims > claim then recall = ms + 600 end
      for _, v in ipairs({ARGV[a + 1], text(given), text(room - given), text(limit - room - claims), text(claims - claim),
        recall > ms and '1' or '0'}) do answer[#answer + 1] = v end
    end
    redis.call('HSET', key, 'g', gen, 'k', based and '1' or '0', 'u', text(spent), 'l', text(claims + given), 'r', text(recall),
      'c:' .. node, text(used), 'h:' .. node, text(claim + given), 'n:' .. node, text(mine))
    redis.call('PEXPIRE', key, keep)
    if claim + given > 0 then redis.call('SADD', own, key) else redis.call('SREM', own, key) end
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

/**
 * Begins a life, or says that a node is gone. KEYS: epoch, nodes. ARGV: a name for a new era, node, life, 'begin', 'leave' or
 * the beats that it had when it was last heard. Returns whether that is so now.
 */
export const NOTE_NODE: Script = scriptOf(`${COMMON}
era(KEYS[1], KEYS[2], ARGV[1])
local node, life, how = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local known, beats = parts(redis.call('HGET', KEYS[2], node))
if known and known > life then return 0 end
local gone = '1'
if how == 'begin' then gone = '0'
elseif how ~= 'leave' and tonumber(how) ~= (beats or 0) then return 0 end
local count = (beats or 0) + (how == 'begin' and 1 or 0)
redis.call('HSET', KEYS[2], node, life .. ' ' .. count .. ' ' .. text(now()) .. ' ' .. gone)
return 1
`);

/**
 * Frees the claims of a node's lives before LIFE, for some of its counters. KEYS: epoch, nodes, of:NODE, then counters. ARGV:
 * a name for a new era, node, life.
 */
export const FREE: Script = scriptOf(`${COMMON}
local gen = era(KEYS[1], KEYS[2], ARGV[1])
local node, first = ARGV[2], tonumber(ARGV[3]) * 4294967296
for i = 4, #KEYS do
  local key = KEYS[i]
  local c = redis.call('HMGET', key, 'g', 'l', 'h:' .. node, 'n:' .. node)
  local mine = c[1] == gen and tonumber(c[4] or '0') or 0
  if mine < first then
    if c[1] == gen and c[3] then redis.call('HSET', key, 'l', text(tonumber(c[2]) - tonumber(c[3])), 'h:' .. node, '0') end
    redis.call('SREM', KEYS[3], key)
  end
end
return 1
`);

/**
 * A node has told all that it knows, in an era. KEYS: epoch, nodes, told (set). ARGV: a name for a new era, the era, node and
 * life, then each node and life of the registry. Grants are made once all of these have told all.
 */
export const VOUCH: Script = scriptOf(`${COMMON}
local gen, open = era(KEYS[1], KEYS[2], ARGV[1])
if open or gen ~= ARGV[2] then return 0 end
local told = KEYS[3]
redis.call('SADD', told, gen .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', told, 3600000)
for i = 5, #ARGV, 2 do
  if redis.call('SISMEMBER', told, gen .. ' ' .. ARGV[i] .. ' ' .. ARGV[i + 1]) == 0 then return 0 end
end
redis.call('HSET', KEYS[1], 'open', '1', 'at', text(now()))
redis.call('DEL', told)
return 1
`);

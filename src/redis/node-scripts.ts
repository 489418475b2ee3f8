import { COMMON } from './lease-scripts.ts';
import { type Script, scriptOf } from './script.ts';

/**
 * Begins a life, or says that a node is gone. One that begins may not hear the answer. KEYS: epoch, nodes, alone. ARGV: a name
 * for a new era, node, life, 'begin', 'leave' or the beats that it had when it was last heard. Returns whether that is so now.
 */
export const NOTE_NODE: Script = scriptOf(`${COMMON}
era(KEYS[1], KEYS[2], ARGV[1])
local node, life, how = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local known, beats = parts(redis.call('HGET', KEYS[2], node))
if known and known > life then return 0 end
local gone = '1'
if how == 'begin' then
  gone = '0'
  redis.call('HSET', KEYS[3], node, text(now()))
elseif how ~= 'leave' and tonumber(how) ~= (beats or 0) then return 0 end
local count = (beats or 0) + (how == 'begin' and 1 or 0)
redis.call('HSET', KEYS[2], node, life .. ' ' .. count .. ' ' .. text(now()) .. ' ' .. gone)
return 1
`);

/**
 * Frees the claims of a node's lives before LIFE, for some of its counters. KEYS: epoch, nodes, of:NODE, then counters. ARGV:
 * a name for a new era, node, life, and the name under which its claims count as spent; '': they are free.
 */
export const FREE: Script = scriptOf(`${COMMON}
local gen = era(KEYS[1], KEYS[2], ARGV[1])
local node, first = ARGV[2], tonumber(ARGV[3]) * 4294967296
local function count(key, claim)
  local c = redis.call('HMGET', key, 'u', 'c:' .. ARGV[4])
  local more = math.max(0, claim - tonumber(c[2] or '0'))
  redis.call('HSET', key, 'u', text(tonumber(c[1] or '0') + more), 'c:' .. ARGV[4], text(tonumber(c[2] or '0') + more))
end
for i = 4, #KEYS do
  local key = KEYS[i]
  local c = redis.call('HMGET', key, 'g', 'l', 'h:' .. node, 'n:' .. node, 'f')
  local mine = c[1] == gen and tonumber(c[4] or '0') or 0
  if mine < first then
    if c[1] == gen and c[3] and c[5] == 's' then redis.call('HSET', key, 'c:' .. node, '0', 'h:' .. node, '0')
    elseif c[1] == gen and c[3] then
      redis.call('HSET', key, 'l', text(tonumber(c[2]) - tonumber(c[3])), 'h:' .. node, '0')
      if ARGV[4] ~= '' then count(key, tonumber(c[3])) end
    end
    redis.call('SREM', KEYS[3], key)
  end
end
return 1
`);

/**
 * Frees what counts as spent for a lost node. KEYS: epoch, nodes, then counters. ARGV: a name for a new era, then for each
 * counter the name under which it counts.
 */
export const FREE_LOST: Script = scriptOf(`${COMMON}
local gen = era(KEYS[1], KEYS[2], ARGV[1])
for i = 3, #KEYS do
  local field = 'c:' .. ARGV[i - 1]
  local c = redis.call('HMGET', KEYS[i], 'g', 'u', field)
  if c[1] == gen and c[3] then
    redis.call('HSET', KEYS[i], 'u', text(tonumber(c[2]) - tonumber(c[3])))
    redis.call('HDEL', KEYS[i], field)
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

/** Removes nodes that are gone, or were silent for so long. KEYS: epoch, nodes. ARGV: a name for a new era, the time (ms). */
export const PRUNE_NODES: Script = scriptOf(`${COMMON}
era(KEYS[1], KEYS[2], ARGV[1])
local rows, ms = redis.call('HGETALL', KEYS[2]), now()
for i = 1, #rows, 2 do
  local _, _, seen = parts(rows[i + 1])
  if seen < ms - tonumber(ARGV[2]) then redis.call('HDEL', KEYS[2], rows[i]) end
end
return 1
`);

import { defineScript } from '../redis/script.ts';

/*
 * The response cache on the server. Each answer is a key of its own, which goes when its time is over. What
 * is needed beside them to take out and to make room stands in four more, which all scripts are given first:
 *
 * 1 state: a hash; `bytes` of all answers, and `generation`, that of the last answers that were taken out
 * 2 index: a hash; of each answer, by its key, a JSON list of size, model and project
 * 3 used: the keys by the time of their last use
 * 4 ends: the keys by the time at which they go
 *
 * Times are of the server, in microseconds. ARGV[1] is what names of answers begin with. An answer that is
 * not in the index is none: nobody could take it out.
 */

const COMMON = `
local state, index, used, ends, prefix = KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local DAY_MS = 86400000
local function whole(number) return string.format('%.0f', number) end
local function known(key)
  local text = redis.call('HGET', index, key)
  if not text then return nil end
  local read, about = pcall(cjson.decode, text)
  return read and type(about) == 'table' and about or {}
end
local function drop(key)
  local about = known(key)
  redis.call('DEL', prefix .. key)
  redis.call('ZREM', used, key)
  redis.call('ZREM', ends, key)
  if not about then return 0 end
  redis.call('HDEL', index, key)
  redis.call('HINCRBY', state, 'bytes', whole(-(tonumber(about[1]) or 0)))
  return 1
end
local function told(...)
  local generation = redis.call('HGET', state, 'generation') or ''
  return { generation, redis.call('ZCARD', used), redis.call('HGET', state, 'bytes') or '0', ... }
end
local function bytes() return tonumber(redis.call('HGET', state, 'bytes') or '0') end
`;

/** ARGV[2]: the key of an answer. */
export const GET_ANSWER = defineScript(`${COMMON}
local key = ARGV[2]
local answer = redis.call('GET', prefix .. key)
if answer and redis.call('HEXISTS', index, key) == 1 then
  redis.call('ZADD', used, 'XX', whole(now), key)
  return told(answer)
end
drop(key)
return told(false)
`);

/** So much makes room, or is past its time, at once: others wait for the server. */
const MAX_DROPPED = 200;

/**
 * ARGV[2..]: key, answer, ms for which it is kept, size, model, project, generation in which it began,
 * bytes and entries that there may be.
 */
export const SET_ANSWER = defineScript(`${COMMON}
local key, answer, ttl, size = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local most, mostEntries = tonumber(ARGV[9]), tonumber(ARGV[10])
if (redis.call('HGET', state, 'generation') or '') ~= ARGV[8] then return told(0, 0) end
drop(key)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', whole(now), 'LIMIT', 0, ${MAX_DROPPED})) do
  drop(old)
end
local evicted = 0
local function full() return bytes() + size > most or redis.call('ZCARD', used) >= mostEntries end
while full() and evicted < ${MAX_DROPPED} do
  local oldest = redis.call('ZRANGE', used, 0, 0)[1]
  -- What was lost of the index is not counted any more.
  if not oldest then redis.call('HSET', state, 'bytes', 0) break end
  drop(oldest)
  evicted = evicted + 1
end
if full() then return told(0, evicted) end
redis.call('SET', prefix .. key, answer, 'PX', ttl)
redis.call('HSET', index, key, cjson.encode({ size, ARGV[6], ARGV[7] }))
redis.call('HINCRBY', state, 'bytes', size)
redis.call('ZADD', used, whole(now), key)
redis.call('ZADD', ends, whole(now + ttl * 1000), key)
-- The rest goes with the last answer.
local last = redis.call('ZRANGE', ends, -1, -1, 'WITHSCORES')[2]
local left = math.ceil((tonumber(last) - now) / 1000) + 60000
for _, each in ipairs({ index, used, ends }) do redis.call('PEXPIRE', each, left) end
redis.call('PEXPIRE', state, math.max(left, DAY_MS))
return told(1, evicted)
`);

/**
 * From now on nothing is kept that began before. ARGV[2..]: the key of an answer to take out, or empty; the
 * project that it must be of, or empty; whether that counts.
 */
export const RENEW_ANSWERS = defineScript(`${COMMON}
local before = tonumber(redis.call('HGET', state, 'generation') or '0')
redis.call('HSET', state, 'generation', whole(math.max(now, before + 1)))
if redis.call('PTTL', state) < DAY_MS then redis.call('PEXPIRE', state, DAY_MS) end
local key = ARGV[2]
local about = key ~= '' and known(key)
if not about or (ARGV[4] == '1' and about[3] ~= ARGV[3]) then return told(0) end
return told(drop(key))
`);

/**
 * Takes out a part. ARGV[2..]: cursor; model and whether it counts; project and whether it counts. Returns
 * the next cursor, \`0\` at the end, and how many went.
 */
export const TAKE_OUT_ANSWERS = defineScript(`${COMMON}
local part = redis.call('HSCAN', index, ARGV[2], 'COUNT', ${MAX_DROPPED})
local gone = 0
for at = 1, #part[2], 2 do
  local key = part[2][at]
  local about = known(key) or {}
  local isModel = ARGV[4] == '0' or about[2] == ARGV[3]
  local isProject = ARGV[6] == '0' or about[3] == ARGV[5]
  if isModel and isProject then gone = gone + drop(key) end
end
return told(part[1], gone)
`);

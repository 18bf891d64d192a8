import { defineScript } from '../redis/script.ts';

/*
 * The totals of a day are a hash. Each of its fields is a group of one sender, and holds counters; whoever
 * reads them adds up those of all senders. Fields without a sender are of older versions, in which one
 * field held the sum of all sidecars. All counters stay below 2^53.
 *
 * How many attempts the server has of a sender's day stands in a hash of the sender. That is what the
 * sender compares with its ledger, and it makes each batch count once: a batch says how many there were
 * before and are after it.
 */

/** Lua: `counters(text)` reads the counters of a field. */
export const READ_COUNTERS = `
local function counters(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) end
  return list
end
`;

/**
 * KEYS: the sender's hash, the index of days, the day. ARGV: the day, its midnight, attempts before and
 * after, the midnight before which no days are in the index any more, how long days are kept in ms; then
 * for each group its field and counters.
 *
 * Adds the groups, once. Returns how many attempts the server has then: if that is not what was to be
 * there after, nothing was added, and the server has something else than the sender believes.
 */
export const ADD_TOTALS_SCRIPT = defineScript(`${READ_COUNTERS}
local before, after = tonumber(ARGV[3]), tonumber(ARGV[4])
local there = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if there ~= before then return there end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[5])
for i = 7, #ARGV, 2 do
  local sum = counters(ARGV[i + 1])
  local old = counters(redis.call('HGET', KEYS[3], ARGV[i]) or '')
  for j, value in ipairs(sum) do sum[j] = string.format('%.0f', value + (old[j] or 0)) end
  redis.call('HSET', KEYS[3], ARGV[i], table.concat(sum, ' '))
end
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return after
`);

/**
 * KEYS and ARGV as above; attempts before are not looked at, and those after are empty in all but the
 * last of the pieces in which a day is told anew. Sets the groups to what they are.
 */
export const SET_TOTALS_SCRIPT = defineScript(`
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[5])
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return 1
`);

/** KEYS: the sender's hash. Returns its days, each with the attempts that the server has of it. */
export const READ_SENDER_SCRIPT = defineScript(`return redis.call('HGETALL', KEYS[1])`);

/** KEYS: that the server has lost data. ARGV: for how long others need to tell theirs anew, in ms. */
export const NOTE_LOSS_SCRIPT = defineScript(
  `return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])`,
);

/**
 * KEYS: the index, and that data was lost. ARGV: the midnights, inclusive and exclusive. Returns whether
 * it was, and the days in between.
 */
export const LIST_DAYS_SCRIPT = defineScript(`
local lost = redis.call('GET', KEYS[2]) and 1 or 0
return { lost, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2] == '+inf' and ARGV[2] or '(' .. ARGV[2]) }
`);

/** KEYS: a day. ARGV: the cursor. Returns the next cursor, and fields with their counters. */
export const READ_DAY_SCRIPT = defineScript(
  `return redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 500)`,
);

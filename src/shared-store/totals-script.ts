import { defineScript } from './script.ts';

/**
 * Adds to the totals of days, once: a batch whose number is not above the last of its sender has been
 * added before. Each field of a day's hash holds counters, added up one by one; all stay below 2^53.
 *
 * KEYS: the last number of the sender, the index of days, then one per day. ARGV: the number, how long
 * the last number and the days are kept in ms, the midnight before which no days are in the index any
 * more, how many days; per day its midnight; then for each group the number of its day, its field and
 * its counters.
 */
export const ADD_TOTALS_SCRIPT = defineScript(`
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local number, senderMs, dayMs = tonumber(ARGV[1]), ARGV[2], ARGV[3]
if number <= last then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', senderMs)
local days = tonumber(ARGV[5])
for i = 1, days do redis.call('ZADD', KEYS[2], ARGV[5 + i], ARGV[5 + i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[4])

local function counters(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) end
  return list
end

for i = 6 + days, #ARGV, 3 do
  local key, field, sum = KEYS[2 + ARGV[i]], ARGV[i + 1], counters(ARGV[i + 2])
  local before = counters(redis.call('HGET', key, field) or '')
  for j, value in ipairs(sum) do sum[j] = string.format('%.0f', value + (before[j] or 0)) end
  redis.call('HSET', key, field, table.concat(sum, ' '))
  redis.call('PEXPIRE', key, dayMs)
end
return 1
`);

/** KEYS: the index. ARGV: the midnights, inclusive and exclusive. Returns the days in between. */
export const LIST_DAYS_SCRIPT = defineScript(
  `return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[2] == '+inf' and ARGV[2] or '(' .. ARGV[2])`,
);

/** KEYS: a day. ARGV: the cursor. Returns the next cursor, and fields with their counters. */
export const READ_DAY_SCRIPT = defineScript(
  `return redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 500)`,
);

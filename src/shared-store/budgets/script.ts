import { defineScript } from '../redis/script.ts';
import { ARGS_BEFORE, ARGS_PER_ACCOUNT } from './account-report.ts';

/*
 * What the server has of a budget: one hash per account, which is a subject and a period. Amounts are
 * whole micro-dollars: the largest limit is 9e12 of them, and a double holds all whole numbers up to
 * 9e15, so Lua adds them exactly even if a thousand times the limit were spent.
 *
 * Each sidecar that has something of the account has an entry in it, under its name:
 *
 *   spent    what it has reported as spent in this period, in all
 *   granted  what it may spend in this period in all; `granted - spent` is its lease
 *
 * Both only ever mean sums since the period began. So a report that arrives twice changes nothing, and
 * one that is lost is made good by the next. A sidecar lowers its own `granted` before it sends a lower
 * one, and raises it after it was told a higher one; hence the server's is never below the sidecar's.
 *
 * That nothing is overspent follows: let S be what a sidecar has spent and reserved, to the
 * pico-dollar. It reserves only while S <= granted (as it knows it) <= granted (here). The script keeps
 * the sum of `granted` over all entries, dead sidecars' included, within the limit rounded down. So the
 * sum of S stays within the limit. What is spent is rounded up in reports, which costs each sidecar
 * less than a micro-dollar per account and period, once, as it is the sum that is rounded.
 *
 * The lease of a sidecar that was not heard of for `leaseMs` is no longer called reserved but spent.
 * Nothing else becomes of it: its owner may have spent it.
 */

/** Ms after which a sidecar that needed money and was not heard of again is no longer waited for. */
const HUNGRY_MS = 3_000;

/** Ms after its last sign of life at which the entry of a sidecar that cannot recover is summed up. */
const FORGET_MS = 86_400_000;

/** Ms for which it is kept in which accounts a sidecar has leases that was not heard of. */
const LEASES_MS = 31 * 86_400_000;

/**
 * An entry is `session sequence base spent granted expires seen hungry need recovers startedAt`; `@` has
 * what belongs to nobody: `created quiet gone`.
 *
 * KEYS: accounts, and last where it stands in which of them a sidecar that recovers has a lease: as the next process of
 * its name, which would not look at accounts of which nothing was spent.
 */
export const BUDGET_SCRIPT = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local name, session, startedAt = ARGV[1], ARGV[2], tonumber(ARGV[3])
local recovers, leaseMs = tonumber(ARGV[4]), tonumber(ARGV[5])

local function words(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) or word end
  return list
end

local function whole(...)
  local list = {}
  for i, value in ipairs({...}) do
    list[i] = type(value) == 'number' and string.format('%.0f', value) or value
  end
  return table.concat(list, ' ')
end

local function entryOf(text)
  local w = words(string.gsub(text, '^%S+', ''))
  return {
    session = string.match(text, '^%S+'), sequence = w[1], base = w[2], spent = w[3],
    granted = w[4], expires = w[5], seen = w[6], hungry = w[7], need = w[8], recovers = w[9],
    startedAt = w[10],
  }
end

local function read(key)
  local account = { others = {}, created = now, quiet = 0, gone = 0 }
  local fields = redis.call('HGETALL', key)
  account.isNew = #fields == 0
  for i = 1, #fields, 2 do
    if fields[i] == '@' then
      local w = words(fields[i + 1])
      account.created, account.quiet, account.gone = w[1], w[2], w[3]
    elseif fields[i] == name then
      account.mine = entryOf(fields[i + 1])
    else
      account.others[fields[i]] = entryOf(fields[i + 1])
    end
  end
  return account
end

local function forget(key, account, field, amount)
  account.gone = account.gone + amount
  account.changed = true
  redis.call('HDEL', key, field)
end

-- Who came first is served first: what earlier ones still need is left to them.
local function survey(key, account, since)
  local sum = { booked = account.gone, held = 0, alive = 1, ahead = 0, hungry = false, first = true }
  for field, other in pairs(account.others) do
    if other.expires > now then
      sum.booked = sum.booked + other.spent
      sum.held = sum.held + other.granted - other.spent
      local needs = other.need > 0 and other.seen > now - ${HUNGRY_MS}
      if needs or other.granted > other.spent then sum.alive = sum.alive + 1 end
      if needs then
        sum.hungry = true
        if other.hungry < since or (other.hungry == since and field < name) then
          sum.ahead = sum.ahead + other.need
          sum.first = false
        end
      end
    else
      sum.booked = sum.booked + other.granted
      if other.recovers == 0 and other.expires < now - ${FORGET_MS} then
        forget(key, account, field, other.granted)
      end
    end
  end
  return sum
end

local function report(key, at)
  local limit, expiresAt = tonumber(ARGV[at]), ARGV[at + 1]
  local sequence, flags = tonumber(ARGV[at + 2]), ARGV[at + 3]
  local base, spent = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local keep, need, wish = tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7]), tonumber(ARGV[at + 8])
  local account = read(key)
  local mine, lost = account.mine, false

  if mine and mine.session ~= session then
    local claims = string.find(flags, 'claiming') and mine.expires <= now
    if startedAt <= mine.startedAt and not claims then return { kind = 'taken' } end
    -- The ledger tells what became of the former process' lease; what it did not spend is free.
    base = math.max(base, mine.spent - spent)
    mine = nil
  elseif mine then
    if sequence <= mine.sequence then return { kind = 'outdated' } end
    base = math.max(base, mine.base)
  elseif string.find(flags, 'known') then
    lost = true
    account.quiet = math.max(account.quiet, account.created + leaseMs)
    account.changed = true
  end
  spent, need, wish = base + spent, base + need, base + wish
  keep = math.max(base + keep, spent)

  local hungry = mine and mine.need > 0 and mine.hungry or now
  local sum = survey(key, account, need > keep and hungry or now + 1)
  local granted, free = keep, limit - sum.booked - sum.held - keep
  local fair = math.max(0, math.floor((limit - sum.booked - spent) / (2 * sum.alive)))
  local waiting = account.quiet > now
  if free > 0 and not waiting then
    granted = granted + math.min(math.max(need - keep, 0), math.max(free - sum.ahead, 0))
    if not sum.hungry then
      local room = math.min(wish, spent + fair) - granted
      granted = granted + math.min(math.max(room, 0), limit - sum.booked - sum.held - granted)
    end
    free = limit - sum.booked - sum.held - granted
  end
  local unmet = math.max(need - granted, 0)

  if string.find(flags, 'closing') and recovers == 0 and granted == spent then
    forget(key, account, name, spent)
  elseif granted > 0 or unmet > 0 then
    redis.call('HSET', key, name, whole(
      session, sequence, base, spent, granted, now + leaseMs, now,
      unmet > 0 and hungry or 0, unmet, recovers, startedAt
    ))
    account.changed = account.changed or account.isNew
  elseif account.mine then
    redis.call('HDEL', key, name)
  end
  if account.changed then
    redis.call('HSET', key, '@', whole(account.created, account.quiet, account.gone))
  end
  if expiresAt ~= '0' then redis.call('PEXPIREAT', key, expiresAt) end
  local leased = account.mine ~= nil and account.mine.granted > account.mine.spent
  if recovers == 1 and granted > spent and not leased then
    redis.call('HSET', KEYS[#KEYS], key, expiresAt)
    redis.call('PEXPIRE', KEYS[#KEYS], ${LEASES_MS})
  elseif recovers == 1 and leased and granted == spent then
    redis.call('HDEL', KEYS[#KEYS], key)
  end
  return {
    kind = 'granted', base = whole(base), granted = whole(granted), booked = whole(sum.booked),
    held = whole(sum.held), free = whole(free), fair = whole(fair),
    scarce = sum.hungry and not (sum.first and unmet > 0), waiting = waiting, lost = lost,
  }
end

local answers = {}
for i = 1, #KEYS - 1 do
  answers[i] = cjson.encode(report(KEYS[i], ${ARGS_BEFORE + 1} + (i - 1) * ${ARGS_PER_ACCOUNT}))
end
return answers
`);

/** KEYS: where it stands of which accounts a sidecar has leases. Returns those whose time is not over. */
export const LEASES_SCRIPT = defineScript(`
local now = redis.call('TIME')[1] * 1000
local leases, accounts = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #leases, 2 do
  local expiresAt = tonumber(leases[i + 1])
  if expiresAt > 0 and expiresAt < now then
    redis.call('HDEL', KEYS[1], leases[i])
  else
    accounts[#accounts + 1] = leases[i]
  end
end
return accounts
`);

import { isObject } from '../../core/is-object.ts';
import type { BucketShape } from '../../policies/rate-limit/token-bucket.ts';
import { defineScript } from '../redis/script.ts';

/** What a sidecar wants from a bucket. */
export interface Draw {
  /** Two keys of the server: the bucket, and who draws from it. */
  readonly keys: readonly [bucket: string, sidecars: string];
  readonly want: number;
  /** Drawn before and not needed. */
  readonly back: number;
  readonly shape: BucketShape;
  /** What the bucket holds if the server does not know. */
  readonly level: number;
  /** After which without a draw the bucket is full in any case, in ms. */
  readonly keepMs: number;
  /** As configured here. */
  readonly limit: number;
  /** What is wanted was used already: what is granted of it is no more to be handed out. */
  readonly isSpent: boolean;
}

export interface Drawn {
  /** A whole number, at most what was wanted. */
  readonly granted: number;
  /** What is left in the bucket. */
  readonly level: number;
  /** Sidecars that draw from it. */
  readonly sidecars: number;
  /** As configured where it was drawn from before; absent: nowhere, or by an older version. */
  readonly limit?: number;
}

/** As `drawArguments` makes them. */
const ARGS_BEFORE = 1;
const ARGS_PER_DRAW = 7;

/** A sidecar that has not drawn for so long, in ms, takes no part any more. */
const SIDECAR_MS = 60_000;

/** A share of less would never come to a request. */
const MOST_SIDECARS = 1_000_000;

/** Buckets that refill by the server's own clock, and never go below nothing. */
export const RATE_SCRIPT = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local name = ARGV[1]

local function draw(bucket, sidecars, at)
  local want, back = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local refill, capacity = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local keepMs, limit = ARGV[at + 5], ARGV[at + 6]
  local known = redis.call('HMGET', bucket, 'level', 'at', 'limit')
  local level = tonumber(known[1] or ARGV[at + 4])
  local elapsed = now - (tonumber(known[2] or nil) or now)
  level = math.min(capacity, level + math.max(0, elapsed) * refill + back)
  local granted = math.max(0, math.floor(math.min(want, level)))
  redis.call('HSET', bucket, 'level', string.format('%.17g', level - granted), 'at', now, 'limit', limit)
  redis.call('PEXPIRE', bucket, keepMs)
  redis.call('ZADD', sidecars, now, name)
  redis.call('ZREMRANGEBYSCORE', sidecars, '-inf', now - ${SIDECAR_MS})
  redis.call('PEXPIRE', sidecars, keepMs)
  return { granted = granted, level = level - granted, sidecars = redis.call('ZCARD', sidecars), limit = tonumber(known[3] or nil) }
end

local answers = {}
for i = 1, #KEYS / 2 do
  local at = ${ARGS_BEFORE + 1} + (i - 1) * ${ARGS_PER_DRAW}
  answers[i] = cjson.encode(draw(KEYS[2 * i - 1], KEYS[2 * i], at))
end
return answers
`);

/** @param name of the sidecar */
export function drawArguments(name: string, draws: readonly Draw[]): readonly string[] {
  const fields = draws.flatMap(({ want, back, shape, level, keepMs, limit }) => [
    want,
    back,
    shape.refill,
    shape.capacity,
    level,
    keepMs,
    limit,
  ]);
  return [name, ...fields.map(String)];
}

/**
 * @param reply of the script
 * @throws Error if it is none: with what is no number nobody would be told any more when to go on
 */
export function readDrawn(reply: unknown): readonly Drawn[] {
  const drawn: readonly unknown[] = (reply as readonly string[]).map((text) => JSON.parse(text));
  if (drawn.every(isDrawn)) return drawn;
  throw new Error('The shared store answers what is no draw from a rate limit.');
}

function isDrawn(value: unknown): value is Drawn & Record<string, unknown> {
  if (!isObject(value)) return false;
  const { granted, level, sidecars, limit = 0 } = value;
  const numbers = [granted, level, sidecars, limit];
  const isShared = Number(sidecars) >= 1 && Number(sidecars) <= MOST_SIDECARS;
  return numbers.every(Number.isFinite) && Number(granted) >= 0 && isShared;
}

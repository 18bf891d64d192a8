import type { BudgetScope } from '../core/budget-state.ts';
import { destroyClient, evaluate, newClient, type RedisClient } from './redis/client.ts';
import { keySpace, partsOf } from './redis/keys.ts';
import { defineScript } from './redis/script.ts';
import { READ_COUNTERS } from './totals/script.ts';

/** Whose data is to go. */
export interface ForgottenInStore {
  readonly kind: 'user' | 'project';
  readonly id: string;
}

export interface ForgetOptions {
  /** Secret: may carry credentials. */
  readonly url: string;
  readonly keyPrefix: string;
  readonly timeoutMs?: number;
  /** Of the budget with this name. Undefined: there is none any more. */
  readonly scopeOf: (budget: string) => BudgetScope | undefined;
}

/**
 * KEYS: a day. ARGV: a field, and the one in its place. Adds the counters of the first to the second,
 * and deletes the first.
 */
const MOVE_TOTALS_SCRIPT = defineScript(`${READ_COUNTERS}
local from = redis.call('HGET', KEYS[1], ARGV[1])
if not from then return 0 end
local sum, old = counters(from), counters(redis.call('HGET', KEYS[1], ARGV[2]) or '')
for j, value in ipairs(sum) do sum[j] = string.format('%.0f', value + (old[j] or 0)) end
redis.call('HSET', KEYS[1], ARGV[2], table.concat(sum, ' '))
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
`);

/** Position in the field of a day's totals. */
const PLACE = { user: 1, project: 2 } as const;

/**
 * Takes a user or project out of the shared store: the accounts of its budgets are deleted, and what was
 * spent stays, as spent by nobody. Running sidecars that know of it may bring it back.
 *
 * @returns keys and fields that are gone
 * @throws Error what the client says
 */
export async function forgetInStore(
  options: ForgetOptions,
  forgotten: ForgottenInStore,
): Promise<number> {
  const client = await newClient(options.url, options.timeoutMs);
  // What is wrong is told by the command that failed.
  client.on('error', () => {});
  try {
    await client.connect();
    let gone = 0;
    for await (const key of keysOf(client, options.keyPrefix)) {
      const [kind, ...parts] = partsOf(key, options.keyPrefix);
      // Nobody can tell whom an answer tells of: none stays.
      if (kind === 'cache' || kind === 'repeat') gone += await client.del(key);
      if (kind === 'budget' && isAccountOf(parts, forgotten, options))
        gone += await client.del(key);
      if (kind === 'leases') gone += await forgetLeases(client, key, forgotten, options);
      if (kind === 'totals' && parts.length === 1 && parts[0]?.includes('-')) {
        gone += await forgetInDay(client, key, forgotten);
      }
    }
    return gone;
  } finally {
    destroyClient(client);
  }
}

async function* keysOf(client: RedisClient, prefix: string): AsyncGenerator<string> {
  const start = keySpace(prefix)('totals').replace(/totals$/, '');
  const MATCH = `${start.replaceAll(/[*?[\]\\^]/g, '\\$&')}*`;
  for await (const keys of client.scanIterator({ MATCH, COUNT: 500 })) yield* keys;
}

/** @param parts budget, beginning of the period, subject */
function isAccountOf(
  [budget = '', , subject]: readonly string[],
  { kind, id }: ForgottenInStore,
  { scopeOf }: ForgetOptions,
): boolean {
  return subject === id && (scopeOf(budget) ?? kind) === kind;
}

/** Of its accounts, which a sidecar has leases of. */
async function forgetLeases(
  client: RedisClient,
  key: string,
  forgotten: ForgottenInStore,
  options: ForgetOptions,
): Promise<number> {
  const accounts = (await client.hKeys(key)).filter((account) =>
    isAccountOf(partsOf(account, options.keyPrefix).slice(1), forgotten, options),
  );
  return accounts.length === 0 ? 0 : client.hDel(key, accounts);
}

async function forgetInDay(
  client: RedisClient,
  key: string,
  { kind, id }: ForgottenInStore,
): Promise<number> {
  let gone = 0;
  for (const field of await client.hKeys(key)) {
    const labels: string[] = JSON.parse(field);
    if (labels[PLACE[kind]] !== id) continue;
    const other = JSON.stringify(labels.with(PLACE[kind], ''));
    gone += Number(await evaluate(client, MOVE_TOTALS_SCRIPT, [key], [field, other]));
  }
  return gone;
}

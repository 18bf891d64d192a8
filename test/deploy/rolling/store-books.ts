import type { RedisServer } from '../../support/redis-server.ts';

/** What stands in Redis, read by its documented form alone. Amounts are pico-dollars. */
export interface StoreBooks {
  /** Of all days, users, models and sidecars. */
  readonly totals: { readonly attempts: number; readonly picoDollars: bigint };
  /** By budget, over its subjects. */
  readonly spent: Readonly<Record<string, bigint>>;
  /** What sidecars may still spend of all budgets, beside what they have. */
  readonly leased: bigint;
}

const PICO_PER_MICRO = 1_000_000n;

export async function readStore(server: RedisServer): Promise<StoreBooks> {
  const totals = { attempts: 0, picoDollars: 0n };
  for await (const [group, counters] of hashes(server, 'totals')) {
    // The others are how many attempts there are of a sender.
    if (!group.startsWith('[')) continue;
    const words = counters.split(' ');
    const [micro = '', rest = ''] = words.slice(-2);
    totals.attempts += Number(words[0]);
    totals.picoDollars += BigInt(micro) * PICO_PER_MICRO + BigInt(rest);
  }
  const spent: Record<string, bigint> = {};
  let leased = 0n;
  for await (const [sidecar, entry, key] of hashes(server, 'budget')) {
    // What belongs to no sidecar.
    if (sidecar === '@') continue;
    const [, , , booked = '', granted = ''] = entry.split(' ');
    const [, , , name = ''] = key.split(':');
    spent[name] = (spent[name] ?? 0n) + BigInt(booked) * PICO_PER_MICRO;
    leased += (BigInt(granted) - BigInt(booked)) * PICO_PER_MICRO;
  }
  return { totals, spent, leased };
}

async function* hashes(
  server: RedisServer,
  kind: string,
): AsyncGenerator<[string, string, string]> {
  for (const key of lines(await server.command('keys', `tamma:{shared}:${kind}:*`))) {
    if ((await server.command('type', key)) !== 'hash') continue;
    const fields = lines(await server.command('hgetall', key));
    for (let at = 0; at < fields.length; at += 2)
      yield [fields[at] ?? '', fields[at + 1] ?? '', key];
  }
}

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import {
  createOpenAIProvider,
  type OpenAIProviderEnvironment,
  type OpenAIProviderOptions,
} from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { StoreAwayError } from '../../src/shared-store/redis/script.ts';
import { ToldTotals } from '../../src/shared-store/totals/told-totals.ts';
import { PatientClock } from '../support/patient-clock.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { tempFolders } from '../support/temp-folder.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { eventually, PATIENT_MS } from './support.ts';

/** 6 tokens in at 0.15 and 5 out at 0.60 dollars per million. */
const PRICE = 3_900_000n;

const HOUR_MS = 3_600_000;

const BUDGET = {
  name: 'everybody',
  scope: 'all',
  match: '*',
  limit: 1_000_000_000_000n,
  period: 'month',
  alertThresholds: [],
} as const;

describeWithRedis('providers that share a store', () => {
  let server: RedisServer;
  let upstream: StubUpstream;
  const newFolder = tempFolders();
  let directory: string;
  let providers: OpenAIProvider[];

  beforeEach(async () => {
    server = await RedisServer.start();
    upstream = await startStubUpstream();
    directory = newFolder();
    providers = [];
  });

  afterEach(async () => {
    for (const provider of providers) await provider.dispose();
    await upstream.close();
    await server.stop();
  });

  function open(
    options: Partial<OpenAIProviderOptions> = {},
    environment: OpenAIProviderEnvironment = {},
  ): OpenAIProvider {
    const provider = createOpenAIProvider(
      {
        keys: [],
        baseUrl: upstream.url,
        version: '1.2.3',
        defaultModel: 'gpt-4o-mini',
        budgets: { budgets: [BUDGET] },
        sharedStore: {
          url: server.url,
          keyPrefix: 'test:',
          leaseMs: 60_000,
          timeoutMs: PATIENT_MS,
          onOutage: 'refuse',
        },
        ...options,
      },
      // However long the store takes on a slow machine, it is not away.
      { clock: new PatientClock(), ...environment },
    );
    providers.push(provider);
    return provider;
  }

  /** Once it is connected: whatever is asked before waits for two seconds at most. */
  async function ask(provider: OpenAIProvider, content = 'Say hello', idempotencyKey?: string) {
    await eventually(() => provider.sharedStoreStatus()?.problem === undefined);
    return provider.sendMessageSync({
      messages: [{ role: 'user', content }],
      maxTokens: 64,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }

  /** The usage of all: where the store takes more than two seconds, on a slow machine, it is partial. */
  async function usageOfAll(provider: OpenAIProvider) {
    for (;;) {
      const sums = await provider.getUsage({ groupBy: [] });
      if (!sums.partial) return sums;
    }
  }

  it('spend from one budget, and tell the usage of all', async () => {
    const first = open();
    const second = open();
    const answers = await Promise.all([first, first, second].map((one) => ask(one)));
    expect(answers.map(({ cost }) => cost?.picoDollars)).toEqual([PRICE, PRICE, PRICE]);
    await first.dispose();
    await second.dispose();

    const third = open();
    await ask(third);
    await eventually(() => (third.getBudgets({})[0]?.spent ?? 0n) >= 4n * PRICE);
    expect(third.getBudgets({})).toMatchObject([{ name: 'everybody', shared: true }]);
    const { total } = await usageOfAll(third);
    // Its own latest attempt may still be on its way.
    expect([3, 4]).toContain(total.attempts);
  });

  it('tell all that they have consumed when they end, although they could not before', async () => {
    const away = new StoreAwayError('Too much ends to compare totals now.');
    const tell = jest.spyOn(ToldTotals.prototype, 'tell').mockRejectedValue(away);
    const first = open();
    await ask(first);
    tell.mockRestore();
    await first.dispose();
    const second = open();
    await eventually(() => second.sharedStoreStatus()?.problem === undefined);
    const { total } = await usageOfAll(second);
    expect(total).toMatchObject({ attempts: 1, picoDollars: PRICE });
  });

  it('make a call with an idempotency key once, whichever is asked again', async () => {
    const [first, second] = [open(), open()];
    const keyed = (provider: OpenAIProvider, content?: string) => ask(provider, content, 'k-1');
    const made = await keyed(first);
    const kept = () => server.command('keys', 'test:*:repeat:*');
    await eventually(async () => (await kept()) !== '');
    expect(await keyed(second)).toMatchObject({ content: made.content, shared: true, attempts: 0 });
    expect(upstream.requests).toHaveLength(1);
    await expect(keyed(second, 'Another')).rejects.toMatchObject({ reason: 'INVALID_REQUEST' });
    expect(await kept()).not.toContain('k-1');
    expect(Number(await server.command('pttl', await kept()))).toBeLessThanOrEqual(600_000);
  });

  it('answer GetUsage from their own ledger while the store is away', async () => {
    const provider = open();
    await ask(provider);
    await server.kill();
    const { total } = await provider.getUsage({ groupBy: [] });
    expect(total).toMatchObject({ attempts: 1, picoDollars: PRICE });
  });

  it('keep the name of a sidecar beside its ledger', async () => {
    const name = () => readFileSync(join(directory, 'sidecar-name'), 'utf8');
    const first = open({ ledger: { directory } });
    await ask(first);
    const made = name();
    await first.dispose();
    const second = open({ ledger: { directory } });
    await ask(second);
    expect(name()).toBe(made);
    expect(made.trim()).toMatch(/.-[0-9a-f]{8}$/);
  });

  it('spend from one day although the wall clock of one is set back across midnight', async () => {
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    /** A sidecar whose wall clock a test sets. */
    const sidecar = () => {
      let ahead = 0;
      const budgets = { budgets: [{ ...BUDGET, period: 'day' as const }] };
      const provider = open({ budgets }, { wallTime: () => Date.now() + ahead });
      const set = (time: number) => {
        ahead = time - Date.now();
      };
      // The store counts what others spent in micro-dollars.
      const calls = () => (provider.getBudgets({})[0]?.spent ?? 0n) / PRICE;
      return { provider, set, calls };
    };
    const days = async (): Promise<readonly string[]> =>
      (await server.command('keys', 'test:*:budget:everybody:*'))
        .split(/\s+/)
        .map((key) => key.replace(/^.*everybody:(\d+).*$/, '$1'));
    const [one, two] = [sidecar(), sidecar()];
    for (const each of [one, two]) each.set(midnight + HOUR_MS);
    await ask(one.provider);
    await ask(two.provider);
    await eventually(() => one.calls() === 2n && two.calls() === 2n);
    // It stays on the day that it has begun, and so all is counted there.
    one.set(midnight - HOUR_MS);
    await ask(one.provider);
    await ask(two.provider);
    await eventually(() => one.calls() === 4n && two.calls() === 4n);
    expect(one.provider.getBudgets({})).toMatchObject([{ startsAt: midnight }]);
    // Whoever begins now begins the day of its own clock.
    const late = sidecar();
    late.set(midnight - HOUR_MS);
    await ask(late.provider);
    for (const each of [one, late]) each.set(midnight + 2 * HOUR_MS);
    await ask(late.provider);
    await eventually(() => [one, two, late].every(({ calls }) => calls() === 5n));
    expect(new Set(await days())).toContain(String(midnight));
    // Each tells of its attempts every two seconds.
    await eventually(async () => (await usageOfAll(two.provider)).total.attempts === 6);
  });
});

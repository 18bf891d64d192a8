import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { eventually } from './support.ts';

/** 6 tokens in at 0.15 and 5 out at 0.60 dollars per million. */
const PRICE = 3_900_000n;

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
  let directory: string;
  let providers: OpenAIProvider[];

  beforeEach(async () => {
    server = await RedisServer.start();
    upstream = await startStubUpstream();
    directory = mkdtempSync(join(tmpdir(), 'providers-'));
    providers = [];
  });

  afterEach(async () => {
    for (const provider of providers) await provider.dispose();
    await upstream.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(options: Partial<OpenAIProviderOptions> = {}): OpenAIProvider {
    const provider = createOpenAIProvider({
      keys: [],
      baseUrl: upstream.url,
      version: '1.2.3',
      defaultModel: 'gpt-4o-mini',
      budgets: { budgets: [BUDGET] },
      sharedStore: { url: server.url, keyPrefix: 'test:', leaseMs: 60_000, onOutage: 'refuse' },
      ...options,
    });
    providers.push(provider);
    return provider;
  }

  const ask = (provider: OpenAIProvider) =>
    provider.sendMessageSync({ messages: [{ role: 'user', content: 'Say hello' }], maxTokens: 64 });

  it('spend from one budget, and tell the usage of all', async () => {
    const first = open();
    const second = open();
    const answers = await Promise.all([first, first, second].map(ask));
    expect(answers.map(({ cost }) => cost?.picoDollars)).toEqual([PRICE, PRICE, PRICE]);
    await first.dispose();
    await second.dispose();

    const third = open();
    await ask(third);
    await eventually(() => (third.getBudgets({})[0]?.spent ?? 0n) >= 4n * PRICE);
    expect(third.getBudgets({})).toMatchObject([{ name: 'everybody', shared: true }]);
    const { total } = await third.getUsage({ groupBy: [] });
    // Its own latest attempt may still be on its way.
    expect([3, 4]).toContain(total.attempts);
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
});

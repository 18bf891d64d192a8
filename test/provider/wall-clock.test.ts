import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../src/core/message.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  answer,
  httpError,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

const HOUR_MS = 3_600_000;
const REQUEST: MessageRequest = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Say hello' }],
  maxTokens: 16,
};

let stub: StubUpstream;
let clock: FakeClock;
let provider: OpenAIProvider;
let warnings: string[];
/** By how much the wall clock was set, in ms. */
let ahead: number;

beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 0, 1, 20));
  ahead = 0;
  warnings = [];
  stub = await startStubUpstream();
  stub.setDefault(
    answer({ usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 } }),
  );
  provider = createOpenAIProvider(
    {
      version: '1.2.3',
      keys: [],
      baseUrl: stub.url,
      defaultModel: 'gpt-4o-mini',
      budgets: {
        minOutputTokens: 16,
        budgets: [
          {
            name: 'daily',
            scope: 'all',
            match: '*',
            // One call costs 0.000156 dollars.
            limit: 160_000_000n,
            period: 'day',
            alertThresholds: [],
          },
        ],
      },
    },
    {
      clock,
      wallTime: () => clock.now() + ahead,
      log: { info: () => {}, error: () => {}, warn: (_, message) => warnings.push(message) },
    },
  );
});

afterEach(async () => {
  await provider.dispose();
  await stub.close();
});

const call = () => provider.sendMessageSync(REQUEST);
const retryAfterMs = async () => {
  const { facts } = await call().then(
    () => ({ facts: { retryAfterMs: -1 } }),
    (error) => error,
  );
  return facts.retryAfterMs;
};

describe('a wall clock that is set', () => {
  it('by three hours moves what is left until midnight by as much', async () => {
    await call();
    expect(await retryAfterMs()).toBe(4 * HOUR_MS);
    ahead = 3 * HOUR_MS;
    expect(await retryAfterMs()).toBe(HOUR_MS);
    expect(warnings).toHaveLength(1);
    clock.advance(HOUR_MS);
    await call();
    expect(warnings).toHaveLength(1);
  });

  it('across midnight begins the day of budgets and ledger', async () => {
    await call();
    ahead = 5 * HOUR_MS;
    await call();
    expect(provider.getBudgets({})).toMatchObject([{ resetsAt: Date.UTC(2026, 0, 3) }]);
    const { rows } = await provider.getUsage({ groupBy: ['day'] });
    expect(rows.map(({ day }) => day)).toEqual(['2026-01-01', '2026-01-02']);
  });

  it('is noticed within two seconds where nobody calls', () => {
    ahead = 5 * HOUR_MS;
    clock.advance(2_000);
    expect(warnings).toHaveLength(1);
  });

  it('back across midnight does not give the day that ended once more', async () => {
    clock.advance(5 * HOUR_MS);
    await call();
    ahead = -3 * HOUR_MS;
    await expect(call()).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    clock.advance(3 * HOUR_MS);
    await expect(call()).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    clock.advance(23 * HOUR_MS);
    await call();
  });

  it('leaves the time-outs of calls as they are', async () => {
    const deadline = clock.now() + 60_000;
    ahead = 5 * HOUR_MS;
    expect((await provider.sendMessageSync(REQUEST, { deadline })).attempts).toBe(1);
  });

  it('moves until when a target is held by as much', async () => {
    stub.enqueue(httpError(429, { headers: { 'retry-after': '3600' } }));
    const left = new AbortController();
    const waiting = provider.sendMessageSync(REQUEST, { signal: left.signal });
    const heldUntil = () => provider.upstreams()[0]?.models[0]?.heldUntil ?? 0;
    while (heldUntil() === 0) await sleep(1);
    const before = heldUntil();
    ahead = 2 * HOUR_MS;
    expect(heldUntil() - before).toBe(2 * HOUR_MS);
    expect(provider.upstreams()[0]?.models[0]?.ready).toBe(false);
    left.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'CANCELLED' });
  });
});

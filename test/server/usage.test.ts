import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { formatDollars } from '../../src/money/pricing/money.ts';
import { completed, started } from '../support/events.ts';
import { aBudget, aResponse, aSum, DOLLAR } from '../support/fake-provider.ts';
import {
  codeName,
  collect,
  failureOf,
  statusDetail,
  statusDetails,
  type WireMessage,
} from '../support/grpc-client.ts';
import { REQUEST, serverPerTest } from '../support/server-per-test.ts';

const start = serverPerTest();

const usd = (units: number, nanos = 0) => ({ currencyCode: 'USD', units, nanos });
const seconds = (epochMs: number) => ({ seconds: epochMs / 1000, nanos: 0 });

describe('GetUsage', () => {
  it('asks the ledger for what the request says', async () => {
    const { client, provider } = await start();
    await client.usage.unary('GetUsage');
    await client.usage.unary('GetUsage', {
      startTime: { seconds: 1, nanos: 500_000_000 },
      endTime: { seconds: 1, nanos: 500_500_000 },
      groupBy: [1, 2, 3, 4, 5, 6],
      model: 'gpt-test',
      userId: 'u-1',
      projectId: 'p-1',
    });
    expect(provider.queries).toEqual([
      { groupBy: [] },
      {
        from: 1500,
        until: 1500.5,
        groupBy: ['model', 'userId', 'projectId', 'outcome', 'target', 'day'],
        model: 'gpt-test',
        userId: 'u-1',
        projectId: 'p-1',
      },
    ]);
  });

  it('answers with the sums, in whole numbers of any size', async () => {
    const { client, provider } = await start();
    const row = aSum({
      model: 'gpt-test',
      userId: 'u-1',
      projectId: 'p-1',
      outcome: 'completed',
      target: 'azure',
      day: '2026-11-01',
      attempts: 3,
      estimatedAttempts: 1,
      inputTokens: 2 ** 40,
      outputTokens: 7,
      cacheReadTokens: 5,
      cacheWriteTokens: 4,
      reasoningTokens: 2,
      picoDollars: 2n * DOLLAR + 1_500n,
    });
    const total = aSum({ attempts: 9, unpricedAttempts: 6, picoDollars: 500n });
    provider.sum = async () => ({ rows: [row], total, truncated: true, partial: true });
    const { estimatedAttempts, unpricedAttempts, picoDollars: _, ...same } = row;
    expect(await client.usage.unary('GetUsage', { groupBy: [1] })).toEqual({
      rows: [
        {
          ...same,
          estimatedAttempts,
          unpricedAttempts,
          cost: {
            total: usd(2, 2),
            priceCatalogueVersion: '',
            estimated: true,
            unpriced: false,
            usd: formatDollars(row.picoDollars),
          },
        },
      ],
      total: expect.objectContaining({
        model: '',
        attempts: 9,
        cost: expect.objectContaining({ total: usd(0, 1), estimated: false, unpriced: true }),
      }),
      truncated: true,
      partial: true,
    });
  });

  it('names every bad field at once', async () => {
    const { client, provider, log } = await start();
    const bad = {
      startTime: { seconds: -1, nanos: 0 },
      endTime: { seconds: 1, nanos: -1 },
      groupBy: [1, 0, 1, 99],
    };
    const error = await failureOf(client.usage.unary('GetUsage', bad));
    expect(codeName(error)).toBe('INVALID_ARGUMENT');
    expect(statusDetail(error, 'google.rpc.ErrorInfo').reason).toBe('INVALID_REQUEST');
    expect(violationsOf(error)).toEqual([
      ['start_time', 'must be a valid time after 1970'],
      ['end_time', 'must be a valid time after 1970'],
      ['group_by[1]', 'must be one of the dimensions'],
      ['group_by[2]', 'is there twice'],
      ['group_by[3]', 'must be one of the dimensions'],
    ]);
    expect(provider.queries).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'info', reason: 'INVALID_REQUEST' }]);
  });

  it.each([
    ['ends before it begins', 4000],
    ['is empty', 5000],
  ])('refuses a range that %s', async (_name, end) => {
    const { client } = await start();
    const range = { startTime: seconds(5000), endTime: seconds(end) };
    const error = await failureOf(client.usage.unary('GetUsage', range));
    expect(violationsOf(error)).toEqual([['end_time', 'must be after start_time']]);
  });

  it('passes on what the ledger fails with, and nothing of what it says', async () => {
    const { client, provider } = await start();
    provider.sum = async () => {
      throw new Error('disk on fire');
    };
    const error = await failureOf(client.usage.unary('GetUsage'));
    expect(codeName(error)).toBe('INTERNAL');
    expect(error.details).not.toContain('fire');
  });

  it('ends with its caller', async () => {
    const { client, provider } = await start();
    const asked = Promise.withResolvers<AbortSignal | undefined>();
    provider.sum = ({ signal }) => {
      asked.resolve(signal);
      return new Promise(() => {});
    };
    const cancel = new AbortController();
    const call = client.usage.unary('GetUsage', {}, { signal: cancel.signal });
    const signal = await asked.promise;
    cancel.abort();
    expect(codeName(await failureOf(call))).toBe('CANCELLED');
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve());
    });
    expect(signal?.reason).toMatchObject({ reason: 'CANCELLED' });
  });
});

describe('GetBudgets', () => {
  it('shows the budgets as they stand', async () => {
    const { client, provider } = await start();
    const startsAt = Date.UTC(2026, 10, 1);
    const resetsAt = Date.UTC(2026, 11, 1);
    provider.budgets = [
      aBudget({
        name: 'per-user',
        scope: 'user',
        subject: 'u-1',
        period: 'month',
        limit: 10n * DOLLAR,
        spent: 2n * DOLLAR + 500n,
        reserved: 3n * DOLLAR,
        startsAt,
        resetsAt,
        alertThresholds: [0.5, 0.8],
        alertsRaised: [0.5],
        shared: true,
      }),
      aBudget({ name: 'over', limit: DOLLAR, spent: DOLLAR, reserved: 1n }),
    ];
    expect(await client.usage.unary('GetBudgets')).toEqual({
      budgets: [
        {
          name: 'per-user',
          scope: 'BUDGET_SCOPE_USER',
          subject: 'u-1',
          period: 'BUDGET_PERIOD_MONTH',
          limit: usd(10),
          spent: usd(2, 1),
          reserved: usd(3),
          remaining: usd(5),
          startTime: seconds(startsAt),
          resetTime: seconds(resetsAt),
          alertThresholds: [0.5, 0.8],
          alertsRaised: [0.5],
          shared: true,
        },
        expect.objectContaining({
          name: 'over',
          scope: 'BUDGET_SCOPE_ALL',
          period: 'BUDGET_PERIOD_TOTAL',
          remaining: usd(0),
          startTime: null,
          resetTime: null,
        }),
      ],
      truncated: false,
    });
  });

  it('asks for those that the request chooses', async () => {
    const { client, provider } = await start();
    const query = { name: 'daily', userId: 'u-1', projectId: 'p-1', model: 'gpt-test' };
    await client.usage.unary('GetBudgets');
    await client.usage.unary('GetBudgets', query);
    expect(provider.queries).toEqual([{}, query]);
  });

  it.each([
    [1000, false],
    [1001, true],
  ])('lists at most 1,000: of %i', async (count, truncated) => {
    const { client, provider } = await start();
    provider.budgets = Array.from({ length: count }, (_, i) => aBudget({ subject: `u-${i}` }));
    const answer = await client.usage.unary('GetBudgets');
    expect(answer.truncated).toBe(truncated);
    expect(answer.budgets).toHaveLength(1000);
    expect((answer.budgets as WireMessage[]).at(-1)).toMatchObject({ subject: 'u-999' });
  });
});

describe('the cost of an answer', () => {
  const cost = {
    picoDollars: DOLLAR + 1_500n,
    catalogueVersion: '2026-11-01',
    estimated: false,
    unpriced: false,
  };
  const onTheWire = {
    total: usd(1, 2),
    priceCatalogueVersion: '2026-11-01',
    estimated: false,
    unpriced: false,
    usd: '1.0000000015',
  };

  it('is on completed and on the message', async () => {
    const { client, provider } = await start();
    provider.script = async function* () {
      yield started();
      yield completed({ cost });
    };
    provider.answerSync = async () => aResponse({ cost });
    const { messages } = await collect(client.provider.stream('SendMessage', REQUEST));
    expect(messages.at(-1)).toMatchObject({ completed: { cost: onTheWire } });
    expect(await client.provider.unary('SendMessageSync', REQUEST)).toMatchObject({
      response: { cost: onTheWire },
    });
  });

  it('is absent where costs are not tracked', async () => {
    const { client } = await start();
    const { messages } = await collect(client.provider.stream('SendMessage', REQUEST));
    expect(messages.at(-1)).toMatchObject({ completed: { cost: null } });
  });

  it('is told of a call that failed, and logged, with what it waited in queues and between attempts', async () => {
    const { client, provider, log } = await start();
    provider.answerSync = async ({ options: { record } }) => {
      if (record) {
        record.usage = { ...completed().usage, estimated: true };
        record.cost = { ...cost, estimated: true };
        record.queuedMs = 12.4;
        record.backoffMs = 340.6;
        record.failedAttempts.push({
          attempt: 1,
          target: 'azure',
          model: 'gpt-test',
          reason: 'TIMEOUT',
          durationMs: 30,
        });
      }
      throw new ProviderError('DEADLINE_EXCEEDED');
    };
    const error = await failureOf(client.provider.unary('SendMessageSync', REQUEST));
    expect(statusDetail(error, 'tamma.provider.v1.FailureInfo')).toMatchObject({
      partialCost: { ...onTheWire, estimated: true },
      failedAttempts: [{ attempt: 1, target: 'azure' }],
    });
    expect(await log.ofCall('SendMessageSync')).toMatchObject({
      cost_usd: '1.0000000015',
      usage_estimated: true,
      queued_ms: 12,
      backoff_ms: 341,
      failed_attempts: [{ attempt: 1, target: 'azure', reason: 'TIMEOUT' }],
    });
  });
});

describe('a call that does not fit its budget', () => {
  it('is told which budget, its limit, what is spent and reserved, and when it is reset', async () => {
    const { client, provider } = await start();
    const message = 'The budget daily does not cover this call: of 10 USD, 9.5 USD are spent.';
    const budget = aBudget({
      name: 'daily',
      scope: 'user',
      subject: 'u'.repeat(5000),
      period: 'day',
      spent: 9n * DOLLAR + DOLLAR / 2n,
      reserved: DOLLAR / 4n,
      resetsAt: Date.UTC(2026, 10, 2),
      alertThresholds: Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000),
    });
    provider.answerSync = async () => {
      throw new ProviderError('BUDGET_EXCEEDED', { message, quotaSubject: 'daily', budget });
    };
    const error = await failureOf(client.provider.unary('SendMessageSync', REQUEST));
    expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
    expect(error.details).toBe(message);
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
    expect(statusDetail(error, 'google.rpc.QuotaFailure')).toMatchObject({
      violations: [{ subject: 'daily', description: message }],
    });
    expect(statusDetail(error, 'tamma.provider.v1.FailureInfo')).toMatchObject({
      reason: 'ERROR_REASON_BUDGET_EXCEEDED',
      budget: {
        name: 'daily',
        scope: 'BUDGET_SCOPE_USER',
        subject: 'u'.repeat(128),
        limit: usd(10),
        spent: usd(9, 500_000_000),
        reserved: usd(0, 250_000_000),
        remaining: usd(0, 250_000_000),
        resetTime: seconds(Date.UTC(2026, 10, 2)),
      },
    });
    const [trailer] = error.metadata.get('grpc-status-details-bin');
    expect(trailer?.length).toBeLessThanOrEqual(4096);
    expect(statusDetails(error).map((detail) => detail['@type'])).not.toContain(
      'google.rpc.RetryInfo',
    );
  });
});

function violationsOf(error: Parameters<typeof statusDetail>[0]) {
  const { fieldViolations } = statusDetail(error, 'google.rpc.BadRequest');
  return (fieldViolations as { field: string; description: string }[]).map((violation) => [
    violation.field,
    violation.description,
  ]);
}

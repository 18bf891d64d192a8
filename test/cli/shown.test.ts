import { describe, expect, it } from '@jest/globals';
import { BudgetPeriod, BudgetScope } from '../../src/gen/tamma/provider/v1/budget.ts';
import { ErrorReason } from '../../src/gen/tamma/provider/v1/error.ts';
import {
  GetStatusResponse,
  WatchStatusResponse,
} from '../../src/gen/tamma/provider/v1/provider.ts';
import {
  GetBudgetsResponse,
  GetUsageResponse,
} from '../../src/gen/tamma/provider/v1/usage_provider.ts';
import { type Written, withCannedSidecar } from './support.ts';

const { sidecar, run, lines } = withCannedSidecar();

const seconds = (value: number, nanos = 0) => ({ seconds: BigInt(value), nanos });
const usd = (units: number) => ({ currencyCode: 'USD', units: BigInt(units) });
const AT = seconds(1_795_894_200);

describe('status', () => {
  const answer = (status: NonNullable<Written<typeof GetStatusResponse>['status']>) =>
    sidecar.answer('getStatus', GetStatusResponse.fromPartial({ status }));

  it('of a sidecar that just began has no more than its targets', async () => {
    answer({
      provider: 'openai',
      version: '1.2.3',
      state: 1,
      ready: true,
      configRevision: 'abc',
      uptime: seconds(2),
      upstreams: [{ target: 'default', endpoint: 'https://a.test', ready: true, keys: 2 }],
    });
    expect(await lines('status')).toEqual([
      'ready: openai 1.2.3, serving, revision abc, up 2.0 s, 0 calls running, load 0%',
      '',
      'TARGET   ENDPOINT        READY  KEYS  LAST SUCCESS  LAST FAILURE',
      'default  https://a.test  yes       2',
    ]);
  });

  it('tells what is amiss, of the sidecar, its targets and their models', async () => {
    answer({
      provider: 'openai',
      version: '1.2.3',
      state: 2,
      configRevision: 'abc',
      uptime: seconds(90),
      activeCalls: 1,
      load: 0.256,
      drainRemaining: seconds(5),
      problems: ['drains'],
      upstreams: [
        {
          target: 'default',
          endpoint: 'https://a.test',
          keys: 3,
          keysSetAside: 1,
          lastSuccessTime: AT,
          lastFailureTime: AT,
          lastFailureReason: ErrorReason.RATE_LIMIT_EXCEEDED,
          models: [
            { model: 'new', circuit: 1, ready: true },
            {
              model: 'old',
              circuit: 3,
              queued: 4,
              notReadyReason: 'held',
              queueWait: seconds(1),
              statistics: {
                attempts: 9n,
                failures: [{ count: 2n }, { count: 1n }],
                timeToFirstToken: { p50: seconds(0, 25e7) },
              },
            },
            { model: 'silent', circuit: 1, ready: true, statistics: { attempts: 1n } },
          ],
        },
      ],
      budgets: [{ name: 'all-calls', scope: BudgetScope.ALL, limit: usd(9) }],
    });
    const shown = await lines('status');
    expect(shown.slice(0, 2)).toEqual([
      'not ready: openai 1.2.3, draining, revision abc, up 1 min 30 s, 1 call running, load 26%, 5.0 s to drain',
      '  ! drains',
    ]);
    const cells = shown.slice(2).map((line) => line.split(/ {2,}/));
    expect(cells).toEqual([
      [''],
      ['TARGET', 'ENDPOINT', 'READY', 'KEYS', 'LAST SUCCESS', 'LAST FAILURE'],
      [
        'default',
        'https://a.test',
        'no',
        '1 of 3 set aside',
        '2026-11-28 19:30:00Z',
        '2026-11-28 19:30:00Z RATE LIMIT EXCEEDED',
      ],
      [''],
      expect.arrayContaining(['CIRCUIT', 'WHY NOT READY']),
      ['default', 'new', 'closed', '0', '0'],
      ['default', 'old', 'half open', '0', '4', '3 of 9', '250 ms', '1.0 s', 'held'],
      ['default', 'silent', 'closed', '0', '0', '0 of 1'],
      [''],
      expect.arrayContaining(['BUDGET', 'RESETS']),
      ['all-calls', 'all', '$9.00'],
    ]);
  });

  it('with --watch prints each state until the sidecar ends it, and skips what has none', async () => {
    const state = (activeCalls: number) => ({ status: { provider: 'openai', activeCalls } });
    const states = [state(1), {}, state(2)].map((one) => WatchStatusResponse.fromPartial(one));
    sidecar.answer('watchStatus', ...states);
    const inJson = (await lines('status --watch --json')).map((line) => JSON.parse(line));
    expect(inJson).toMatchObject([{ activeCalls: 1 }, { activeCalls: 2 }]);
    expect((await lines('status --watch')).filter((line) => line.startsWith('not ready'))).toEqual([
      expect.stringContaining('1 call running,'),
      expect.stringContaining('2 calls running,'),
    ]);
  });
});

describe('budgets', () => {
  const answer = (response: Written<typeof GetBudgetsResponse>) =>
    sidecar.answer('getBudgets', GetBudgetsResponse.fromPartial(response));

  it('are told with whom they are for, and that there are more', async () => {
    const period = BudgetPeriod.DAY;
    answer({
      budgets: [
        {
          name: 'users',
          scope: BudgetScope.USER,
          subject: 'ada',
          period,
          limit: usd(1),
          resetTime: AT,
        },
        { name: 'nobody', scope: BudgetScope.USER, period },
      ],
      truncated: true,
    });
    const [, ...rows] = await lines('budgets --user ada --name users --project web --model m');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['users', 'user ada', 'day', '$1.00', '2026-11-28 19:30:00Z'],
      ['nobody', 'user -', 'day'],
      ['There are more.'],
    ]);
    expect(sidecar.requests).toEqual([
      { name: 'users', userId: 'ada', projectId: 'web', model: 'm' },
    ]);
  });

  it('may be none', async () => {
    answer({});
    expect(await lines('budgets --name other')).toEqual(['There is no such budget.']);
    expect(await lines('budgets')).toEqual(['There are no budgets.']);
  });
});

describe('usage', () => {
  const answer = (response: Written<typeof GetUsageResponse>) =>
    sidecar.answer('getUsage', GetUsageResponse.fromPartial(response));
  const row = { attempts: 2n, inputTokens: 1_000n, cost: { usd: '0.5' } };

  it('has a row for each group, a total, and what is missing', async () => {
    answer({
      rows: [{ ...row, model: 'a', userId: 'ada' }, row],
      total: row,
      truncated: true,
      partial: true,
    });
    const shown = await lines('usage --by model,user --from 2026-11-01 --until 2026-11-02');
    expect(shown.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['MODEL', 'USER', 'ATTEMPTS', 'INPUT', 'CACHED', 'OUTPUT', 'REASONING', 'COST'],
      ['a', 'ada', '2', '1,000', '0', '0', '0', '$0.5'],
      ['-', '-', '2', '1,000', '0', '0', '0', '$0.5'],
      ['total', '2', '1,000', '0', '0', '0', '$0.5'],
      ['There are more rows; the total is over all.'],
      ['Some of what was used is missing: it could not be read.'],
    ]);
    const [from, until] = ['2026-11-01', '2026-11-02'].map((day) => ({
      seconds: BigInt(Date.parse(`${day}T00:00:00Z`) / 1_000),
      nanos: 0,
    }));
    expect(sidecar.requests).toMatchObject([{ startTime: from, endTime: until }]);
  });

  it('is the total alone without --by', async () => {
    answer({ rows: [row], total: row });
    expect(await lines('usage')).toHaveLength(2);
    answer({ rows: [row] });
    expect(await lines('usage')).toHaveLength(1);
  });

  it.each(['2026-11-01', '2026-10-31'])('is not asked from 2026-11-01 until %s', async (until) => {
    expect(await run(`usage --from 2026-11-01 --until ${until}`)).toEqual({
      exitCode: 2,
      out: '',
      err: 'usage: --until must be after --from\n',
    });
    expect(await run(`usage --by model,colour`)).toMatchObject({ exitCode: 2, out: '' });
  });
});

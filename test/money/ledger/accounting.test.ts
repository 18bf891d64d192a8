import { describe, expect, it } from '@jest/globals';
import { type Charge, newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Cost } from '../../../src/core/usage.ts';
import { accounting } from '../../../src/money/ledger/accounting.ts';
import { endOf } from '../../policies/retry/scripted-attempts.ts';
import { aCall, completed, drain, replay, started, text, usage } from '../../support/events.ts';

const COST: Cost = {
  picoDollars: 1_000n,
  catalogueVersion: 'v1',
  estimated: false,
  unpriced: false,
};

function charge(fields: Partial<Charge> = {}): Charge {
  return {
    attempt: 1,
    upstream: 'default',
    model: 'gpt-test',
    usage: usage(),
    cost: COST,
    serviceTier: '',
    outcome: 'completed',
    startedAt: 0,
    endedAt: 0,
    ...fields,
  };
}

/** A call whose attempts were charged before its last event. */
function run(charges: readonly Charge[], last: ReturnType<typeof completed> | Error = completed()) {
  const call = aCall({ record: { ...newCallRecord(0), charges: [...charges] } });
  const handler = accounting()(replay(started(), text('hi'), last));
  return { call, result: drain((emit) => handler(call, emit)) };
}

describe('accounting', () => {
  it('sums usage and cost of all attempts, into the answer and into the record', async () => {
    const broken = charge({
      usage: usage({ estimated: true, cacheReadTokens: 4 }),
      cost: { ...COST, picoDollars: 7n, estimated: true },
      outcome: 'NETWORK_ERROR',
    });
    const { call, result } = run([broken, charge({ attempt: 2 })]);
    const sum = {
      usage: usage({
        inputTokens: 20,
        outputTokens: 10,
        totalTokens: 30,
        cacheReadTokens: 4,
        estimated: true,
      }),
      cost: { ...COST, picoDollars: 1_007n, estimated: true },
    };
    expect((await result).events.at(-1)).toEqual(completed(sum));
    expect(call.record).toMatchObject(sum);
  });

  it('tells what a failed call consumed', async () => {
    const { call, result } = run([charge()], new ProviderError('NETWORK_ERROR'));
    expect((await result).error).toMatchObject({ reason: 'NETWORK_ERROR' });
    expect(call.record).toMatchObject({ usage: usage(), cost: COST });
  });

  it('has no cost where costs are not tracked', async () => {
    const { cost: _, ...untracked } = charge();
    const { call, result } = run([untracked]);
    expect((await result).events.at(-1)).toEqual(completed());
    expect(call.record.usage).toEqual(usage());
    expect(call.record).not.toHaveProperty('cost');
  });

  it('leaves the answer and the record alone where nothing was charged', async () => {
    const { call, result } = run([]);
    expect((await result).events).toEqual([started(), text('hi'), completed()]);
    expect(call.record).toEqual(newCallRecord(0));
  });

  it('sums what was charged when the call is aborted', async () => {
    const controller = new AbortController();
    const call = aCall({ signal: controller.signal });
    const handler = accounting()(async (inner, emit) => {
      emit(started());
      try {
        return await endOf(inner);
      } finally {
        inner.record.charges.push(charge());
      }
    });
    const result = drain((emit) => handler(call, emit));
    controller.abort();
    expect(await result).toMatchObject({ events: [started()], error: { reason: 'CANCELLED' } });
    expect(call.record).toMatchObject({ usage: usage(), cost: COST });
  });
});

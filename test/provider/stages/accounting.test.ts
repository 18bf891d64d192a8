import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { accounting } from '../../../src/provider/stages/accounting.ts';
import { aCall, completed, drain, replay, started, text, usage } from '../../support/events.ts';

const reset: ProviderEvent = { type: 'attemptReset', attempt: 2, reason: 'NETWORK_ERROR' };

function run(events: readonly (ProviderEvent | Error)[], attempts = 1) {
  const call = aCall({ record: { ...newCallRecord(0), attempts } });
  return { call, result: drain(accounting()(replay(...events))(call)) };
}

describe('accounting', () => {
  it('takes the usage that the upstream reports as it is', async () => {
    const end = completed({ usage: usage({ cacheReadTokens: 4 }) });
    const { call, result } = run([started(), text('hi'), end]);
    expect((await result).events.at(-1)).toEqual(end);
    expect(call.record.usage).toEqual(end.usage);
  });

  it('adds what a broken attempt consumed, as an estimate', async () => {
    const { call, result } = run([started(), text('abc', 7), reset, started(), completed()]);
    const end = (await result).events.at(-1);
    expect(end).toMatchObject({ usage: { inputTokens: 17, outputTokens: 12, totalTokens: 29 } });
    expect(call.record.usage).toMatchObject({ estimated: true, totalTokens: 29 });
  });

  it('fills in what the upstream left out', async () => {
    const { result } = run([
      started(),
      text('four', 3),
      { type: 'reasoningDelta', text: '12345678' },
      { type: 'refusalDelta', text: '1234' },
      { type: 'toolCallDelta', index: 0, id: 'a', name: 'ab', argumentsFragment: '{}' },
      completed({
        usage: usage({ inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true }),
      }),
    ]);
    expect((await result).events.at(-1)).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 7, totalTokens: 14, estimated: true },
    });
  });

  it('estimates the usage of an answer that broke off', async () => {
    const { call, result } = run([started(), text('abc', 3), new ProviderError('NETWORK_ERROR')]);
    expect((await result).error).toMatchObject({ reason: 'NETWORK_ERROR' });
    expect(call.record.usage).toMatchObject({ inputTokens: 7, outputTokens: 3, estimated: true });
  });

  it.each([
    new ProviderError('CANCELLED'),
    new ProviderError('DEADLINE_EXCEEDED'),
    new ProviderError('SHUTTING_DOWN'),
    new ProviderError('TIMEOUT', { timeoutPhase: 'first_token' }),
  ])('counts a prompt that was at work when %s ended it', async (error) => {
    const { call, result } = run([error]);
    await result;
    expect(call.record.usage).toMatchObject({ inputTokens: 7, outputTokens: 0, estimated: true });
  });

  it.each([
    ['refused by the upstream', new ProviderError('INVALID_API_KEY'), 1],
    ['never connected', new ProviderError('TIMEOUT', { timeoutPhase: 'connect' }), 1],
    ['never attempted', new ProviderError('CANCELLED'), 0],
  ])('counts nothing for a call that was %s', async (_name, error, attempts) => {
    const { call, result } = run([error], attempts);
    await result;
    expect(call.record.usage).toBeUndefined();
  });

  it('counts what was received when the caller leaves the loop', async () => {
    const call = aCall();
    for await (const event of accounting()(replay(started(), text('ab', 2), completed()))(call)) {
      if (event.type === 'textDelta') break;
    }
    expect(call.record.usage).toMatchObject({ outputTokens: 2, estimated: true });
  });
});

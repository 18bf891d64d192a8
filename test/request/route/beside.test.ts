import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { aRouter, asking, words } from './a-router.ts';

async function beside(request: Partial<MessageRequest>) {
  const { router, telemetry } = aRouter();
  const call = router.first(asking(request));
  const record = newCallRecord(0);
  const there = await router.beside(call, record);
  return { call, there, record, router, telemetry };
}

describe('an attempt beside another', () => {
  it('is made at the next route, prepared for its model, and told to the caller', async () => {
    const fallbackModels = ['azure', 'gpt-thinks'];
    const { call, there, record, telemetry } = await beside({ model: 'gpt-own', fallbackModels });
    expect(there).toMatchObject({
      upstream: 'azure',
      model: 'prod',
      alternatives: [{ upstream: 'default', model: 'gpt-thinks' }],
      warnings: [
        'default/gpt-own had no output yet, so azure/gpt-own was asked too and was first.',
      ],
    });
    expect(there?.record).toBe(record);
    expect([record.model, call.record.model]).toEqual(['gpt-own', 'gpt-own']);
    expect(await telemetry.measured(METRICS.fallbacks.name)).toEqual([]);
  });

  it('leaves the record of the first alone', async () => {
    const { call, record } = await beside({ fallbackModels: ['gpt-thinks'] });
    expect([call.record.model, record.model]).toEqual(['gpt-default', 'gpt-thinks']);
  });

  it('passes over routes that do not take the call, and those that do not hold it', async () => {
    const tools = [{ name: 'look' }];
    const { there } = await beside({ tools, fallbackModels: ['gpt-mute', 'gpt-own'] });
    expect(there?.model).toBe('gpt-own');
    const long = { ...words(150), fallbackModels: ['gpt-100', 'gpt-400'] };
    expect((await beside(long)).there?.model).toBe('gpt-400');
  });

  it('is made nowhere without a route', async () => {
    expect((await beside({})).there).toBeUndefined();
    expect((await beside({ tools: [{ name: 'look' }], fallbackModels: ['gpt-mute'] })).there).toBe(
      undefined,
    );
  });

  it('tells the way of a call that has left a route, too, and does not go where nobody answers', async () => {
    const { router } = aRouter();
    const fallbackModels = ['gpt-own', 'gpt-thinks', 'azure'];
    const first = router.first(asking({ fallbackModels }));
    const second = await router.next(first, new ProviderError('TIMEOUT'));
    if (second === undefined) throw new Error('There is a next route.');
    expect((await router.beside(second, newCallRecord(0)))?.warnings.slice(0, 2)).toEqual([
      'Fell back from default/gpt-default to default/gpt-own: TIMEOUT.',
      'default/gpt-own had no output yet, so default/gpt-thinks was asked too and was first.',
    ]);
    const refused = await router.next(first, new ProviderError('INVALID_API_KEY'));
    expect(refused?.upstream).toBe('azure');
  });
});

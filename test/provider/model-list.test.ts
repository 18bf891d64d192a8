import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/provider/errors.ts';
import { ModelList } from '../../src/provider/model-list.ts';
import type { ListedModel, Upstream } from '../../src/provider/upstream.ts';
import { replay } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setUp(...answers: (readonly ListedModel[] | Error)[]) {
  const clock = new FakeClock();
  let asked = 0;
  const upstream: Upstream = {
    endpoint: 'https://upstream.test',
    answer: replay(),
    listModels: async () => {
      const answer = answers[asked++];
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    close: async () => {},
  };
  return { clock, list: new ModelList(upstream, clock), asked: () => asked };
}

const signal = new AbortController().signal;
const one = [{ id: 'm1', shutdownDate: '2027-01-14' }];
const two = [{ id: 'm2', shutdownDate: '' }];
const away = new ProviderError('NETWORK_ERROR');

describe('the list of models', () => {
  it('is asked for once a minute at most', async () => {
    const { clock, list, asked } = setUp(one, two);
    expect(list.known).toEqual([]);
    expect(await list.get(signal)).toMatchObject([
      { id: 'm1', shutdownDate: '2027-01-14', available: true },
    ]);
    clock.advance(59_999);
    expect(await list.get(signal)).toMatchObject([{ id: 'm1' }]);
    expect(asked()).toBe(1);
    clock.advance(1);
    expect(await list.get(signal)).toMatchObject([{ id: 'm2' }]);
  });

  it('outlives an upstream that went away', async () => {
    const { clock, list } = setUp(one, away);
    await list.get(signal);
    clock.advance(60_000);
    expect(await list.get(signal)).toMatchObject([{ id: 'm1' }]);
  });

  it('fails as the upstream does if there is no older one', async () => {
    const { list } = setUp(away);
    await expect(list.get(signal)).rejects.toBe(away);
  });

  it('fails if the call was ended while it waited', async () => {
    const { clock, list } = setUp(one, away);
    await list.get(signal);
    clock.advance(60_000);
    await expect(list.get(AbortSignal.abort())).rejects.toBe(away);
  });
});

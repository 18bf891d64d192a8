import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import type { ListedModel } from '../../src/core/upstream.ts';
import { ModelListing } from '../../src/provider/model-listing.ts';
import { FakeClock } from '../support/fake-clock.ts';

const { signal } = new AbortController();

function open() {
  const clock = new FakeClock();
  const asked: PromiseWithResolvers<readonly ListedModel[]>[] = [];
  const listModels = () => {
    const answer = Promise.withResolvers<readonly ListedModel[]>();
    asked.push(answer);
    return answer.promise;
  };
  return { clock, asked, listing: new ModelListing({ listModels }, clock) };
}

describe('the listing of an upstream', () => {
  it('is one request for a thousand that ask at once, and none for those of the next minute', async () => {
    const { asked, clock, listing } = open();
    const all = Array.from({ length: 1_000 }, () => listing.get(signal));
    expect(asked).toHaveLength(1);
    asked[0]?.resolve([]);
    await Promise.all(all);
    clock.advance(59_999);
    await listing.get(signal);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    void listing.get(signal);
    expect(asked).toHaveLength(2);
  });

  it('remembers a failure for a second', async () => {
    const { asked, clock, listing } = open();
    const failure = new ProviderError('NETWORK_ERROR');
    const all = Array.from({ length: 1_000 }, () => listing.get(signal));
    asked[0]?.reject(failure);
    const ends = await Promise.allSettled(all);
    expect(new Set(ends.map((end) => end.status === 'rejected' && end.reason))).toEqual(
      new Set([failure]),
    );
    clock.advance(999);
    await expect(listing.get(signal)).rejects.toBe(failure);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    const again = listing.get(signal);
    asked[1]?.resolve([]);
    expect(await again).toEqual([]);
  });

  it('goes on for the others when one of them gives up', async () => {
    const { asked, listing } = open();
    const controller = new AbortController();
    const impatient = listing.get(controller.signal);
    const patient = listing.get(signal);
    controller.abort();
    await expect(impatient).rejects.toMatchObject({ reason: 'CANCELLED' });
    asked[0]?.resolve([]);
    expect(await patient).toEqual([]);
    await expect(listing.get(controller.signal)).rejects.toMatchObject({ reason: 'CANCELLED' });
  });
});

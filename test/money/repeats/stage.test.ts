import { describe, expect, it } from '@jest/globals';
import type { Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import {
  type FinishedCall,
  type RepeatStore,
  Repeats,
} from '../../../src/money/repeats/repeats.ts';
import { repeats } from '../../../src/money/repeats/stage.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** What two processes share. */
class MemoryStore implements RepeatStore {
  readonly #kept = new Map<string, FinishedCall>();

  async find(name: string): Promise<FinishedCall | undefined> {
    return this.#kept.get(name);
  }

  keep(name: string, finished: FinishedCall): void {
    this.#kept.set(name, finished);
  }
}

/** A process whose upstream answers so; `made` counts what it was asked. */
function aProcess(upstream: Handler, store?: RepeatStore) {
  let made = 0;
  const stage = repeats(new Repeats(new FakeClock(), () => store));
  const handler = stage((call, emit) => {
    made += 1;
    return upstream(call, emit);
  });
  const ask = (content = 'Hello there!') => {
    const asked = { messages: [{ role: 'user' as const, content }], idempotencyKey: 'k-1' };
    return drain((emit) => handler(aCall({ asked, request: asked }), emit));
  };
  return { ask, made: () => made };
}

const hello = replay(started(), text('Hello'), completed());

describe('a call with an idempotency key', () => {
  it('tells the words of the upstream to the one who made it, and to nobody who joined', async () => {
    const failure = new ProviderError('CONTENT_FILTERED', {
      upstreamMessage: 'The prompt "secret" was refused.',
      upstreamCode: 'content_filter',
    });
    const { ask, made } = aProcess(replay(failure));
    const [first, joined] = await Promise.all([ask(), ask()]);
    expect(made()).toBe(1);
    expect(first?.error).toMatchObject({
      facts: { upstreamMessage: expect.stringContaining('secret') },
    });
    expect(joined?.error).toMatchObject({
      reason: 'CONTENT_FILTERED',
      facts: { upstreamCode: 'content_filter' },
    });
    expect(joined?.error).not.toHaveProperty('facts.upstreamMessage');
  });

  it('gets the answer of another process that has made it, which alone is billed', async () => {
    const store = new MemoryStore();
    const [one, other] = [aProcess(hello, store), aProcess(hello, store)];
    await one.ask();
    for (let times = 0; times < 2; times += 1) {
      const again = await other.ask();
      expect(again.events.at(-1)).toMatchObject({ shared: true, attempts: 0 });
    }
    expect([one.made(), other.made()]).toEqual([1, 0]);
    expect((await other.ask('Another')).error).toMatchObject({ reason: 'INVALID_REQUEST' });
  });

  it('is made once where its answer came over the stream of an identical one, too', async () => {
    const { ask, made } = aProcess(replay(started(), text('Hello'), completed({ shared: true })));
    await ask();
    expect((await ask()).events.at(-1)).toMatchObject({ shared: true, attempts: 0 });
    expect((await ask('Another')).error).toMatchObject({ reason: 'INVALID_REQUEST' });
    expect(made()).toBe(1);
  });

  it('is made anew where the other process could not answer it', async () => {
    const store = new MemoryStore();
    const failing = aProcess(replay(new ProviderError('SERVICE_UNAVAILABLE')), store);
    expect((await failing.ask()).error).toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    const other = aProcess(hello, store);
    expect((await other.ask()).events.at(-1)).toMatchObject({ type: 'completed' });
    expect(other.made()).toBe(1);
  });
});

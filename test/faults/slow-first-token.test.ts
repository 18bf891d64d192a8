import { afterEach, describe, expect, it } from '@jest/globals';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { firstTokenAfter } from '../support/upstream/index.ts';
import { see } from './seen.ts';
import { SteppedClock } from './stepped-clock.ts';
import { startTwo } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const GOOD_TEXT = 'Hello from the stub.';
/** It does not reason. */
const MODEL = { model: 'gpt-4o' };

describe('an upstream whose headers come at once and whose first token after 20 s', () => {
  it.each(['FAIL', 'sync'] as const)(
    'is waited for by %s with nowhere else to go',
    async (mode) => {
      const clock = new SteppedClock();
      running = await startApp('', {}, clock);
      const token = Promise.withResolvers<void>();
      running.stub.enqueue(firstTokenAfter(token.promise));
      const call = see(running.client, mode, MODEL);
      await clock.begun(60_000, 60_000);
      clock.advance(20_000);
      token.resolve();

      expect(await call).toMatchObject({ texts: [GOOD_TEXT], answer: { attempts: 1 } });
      const [request, ...more] = running.stub.requests;
      expect(more).toEqual([]);
      expect(request).toMatchObject({ firstByteAt: Number(request?.receivedAt) + 20_000 });
    },
  );

  it.each(['FAIL', 'sync'] as const)('is left by %s after 10 s for the fallback', async (mode) => {
    const clock = new SteppedClock();
    const two = await startTwo('', {}, clock);
    running = two;
    const token = Promise.withResolvers<void>();
    two.stub.enqueue(firstTokenAfter(token.promise));
    const call = see(two.client, mode, MODEL);
    await clock.pass(10_000, 10_000);

    expect(await call).toMatchObject({
      texts: [GOOD_TEXT],
      answer: {
        target: 'second',
        attempts: 2,
        failedAttempts: [{ target: 'default', reason: 'ERROR_REASON_TIMEOUT' }],
      },
    });
    const [left] = two.stub.requests;
    await left?.closed;
    token.resolve();
    expect(left?.closedBy).toBe('client');
    expect(two.stub.requests).toHaveLength(1);
    expect(two.second.requests).toHaveLength(1);
  });
});

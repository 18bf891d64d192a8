import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { Capacity } from '../../../src/policies/rate-limit/capacity.ts';
import { localSource } from '../../../src/policies/rate-limit/local-source.ts';
import { DEFAULT_RATE_LIMIT } from '../../../src/policies/rate-limit/options.ts';
import { QuotaGroups } from '../../../src/policies/rate-limit/quota-groups.ts';
import { completed } from '../../support/events.ts';

const TARGET = { upstream: 'default', model: 'gpt-test' };
const refusal = new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 });
const SECOND = 1_000;

type Outcome = 'refused' | 'answered';

/** Makes one attempt, for which there must be room. */
function attempt(capacity: Capacity, outcome: Outcome, now: number): void {
  expect(capacity.take(0, now)).toBe(true);
  const admission = { at: now, key: 0, tokens: 0, running: 1, ...capacity.marks(now), waitedMs: 0 };
  const result = outcome === 'refused' ? { error: refusal } : { completed: completed() };
  capacity.release(admission, { sent: true, tokens: 0, ...result }, now + 1);
}

describe('Capacity of a target whose limits nobody knows', () => {
  it('is not lowered by a refusal now and then', () => {
    const capacity = new Capacity(TARGET, DEFAULT_RATE_LIMIT, localSource, 0, () => {});
    let now = 0;
    for (let n = 0; n < 100; n += 1) {
      now += SECOND;
      attempt(capacity, n % 20 === 0 ? 'refused' : 'answered', now);
    }
    now += SECOND;
    for (let burst = 0; burst < 50; burst += 1) expect(capacity.take(0, now)).toBe(true);
  });

  it('stands still after a refusal while hardly anything else is known of the target', () => {
    const capacity = new Capacity(TARGET, DEFAULT_RATE_LIMIT, localSource, 0, () => {});
    attempt(capacity, 'refused', SECOND);
    expect(capacity.take(0, SECOND + 100)).toBe(false);
    expect(capacity.take(0, SECOND + 300)).toBe(true);
  });

  it('stands still when most attempts are refused, and goes on at once when they are not', () => {
    const capacity = new Capacity(TARGET, DEFAULT_RATE_LIMIT, localSource, 0, () => {});
    let now = 0;
    for (let n = 0; n < 20; n += 1) attempt(capacity, 'answered', ++now);
    let refusals = 0;
    for (; capacity.take(0, now) && refusals < 100; refusals += 1) {
      const admission = {
        at: now,
        key: 0,
        tokens: 0,
        running: 1,
        ...capacity.marks(now),
        waitedMs: 0,
      };
      capacity.release(admission, { sent: true, tokens: 0, error: refusal }, ++now);
    }
    expect(refusals).toBeGreaterThan(5);
    expect(refusals).toBeLessThan(10);
    now += 20 * SECOND;
    for (let burst = 0; burst < 10; burst += 1) expect(capacity.take(0, now)).toBe(true);
  });

  it('expects as many to end as run, while more do than its limit lets', () => {
    const capacity = new Capacity(TARGET, DEFAULT_RATE_LIMIT, localSource, 0, () => {});
    const marks = capacity.marks(0);
    const admission = { at: 0, key: 0, tokens: 0, running: 1, ...marks, waitedMs: 0 };
    for (let n = 0; n < 31; n += 1) capacity.take(0, 0);
    const answered = { sent: true, tokens: 0, completed: completed() };
    capacity.release(admission, answered, 3 * SECOND);
    capacity.configure({ ...DEFAULT_RATE_LIMIT, maxConcurrent: 10 }, new QuotaGroups([]), 0);
    const { waitMs } = capacity.wait(0, { requests: 9, tokens: 0 }, 3 * SECOND);
    expect(waitMs).toBeCloseTo(3 * SECOND);
  });
});

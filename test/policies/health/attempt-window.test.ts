import { describe, expect, it } from '@jest/globals';
import type { AttemptSummary } from '../../../src/core/call-record.ts';
import { AttemptWindow } from '../../../src/policies/health/attempt-window.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function attempt(endedAt: number, fields: Partial<AttemptSummary> = {}): AttemptSummary {
  return {
    attempt: 1,
    target: 'default',
    model: 'm',
    startedAt: endedAt - 1_000,
    firstOutputAt: endedAt - 800,
    endedAt,
    outcome: 'completed',
    ended: false,
    outputTokens: 40,
    queuedMs: 0,
    backoffMs: 0,
    left: [],
    ...fields,
  };
}

describe('the window of attempts', () => {
  it('tells percentiles by rank, and tokens per second', () => {
    const clock = new FakeClock(1_000_000);
    const window = new AttemptWindow(clock);
    for (let i = 1; i <= 100; i += 1) {
      const startedAt = 1_000_000 - 10 * i;
      window.note(attempt(1_000_000, { startedAt, firstOutputAt: startedAt + i }), 'm');
    }
    expect(window.statistics('m')).toMatchObject({
      windowMs: 300_000,
      attempts: 100,
      failures: [],
      timeToFirstToken: { p50: 50, p95: 95, p99: 99 },
      duration: { p50: 500, p95: 950, p99: 990 },
    });
    // 100 times 40 tokens in 9 ms, 18 ms, …
    expect(window.statistics('m')?.outputTokensPerSecond).toBeCloseTo(4_000 / 45.45, 6);
  });

  it('counts what the target failed, most frequent first, and neither cancels nor bad requests', () => {
    const clock = new FakeClock(1_000_000);
    const window = new AttemptWindow(clock);
    const outcomes = ['TIMEOUT', 'RATE_LIMIT_EXCEEDED', 'TIMEOUT', 'INVALID_REQUEST'] as const;
    for (const outcome of outcomes) window.note(attempt(1_000_000, { outcome }), 'm');
    window.note(attempt(1_000_000, { outcome: 'CANCELLED', ended: true }), 'm');
    window.note(attempt(1_000_000, { outcome: 'DEADLINE_EXCEEDED', ended: true }), 'm');
    expect(window.statistics('m')).toMatchObject({
      attempts: 5,
      failures: [
        { reason: 'TIMEOUT', count: 2 },
        { reason: 'RATE_LIMIT_EXCEEDED', count: 1 },
      ],
    });
    expect(window.statistics('m')).not.toHaveProperty('duration');
  });

  it('forgets what has left it, and remembers no more than 500', () => {
    const clock = new FakeClock(1_000_000);
    const window = new AttemptWindow(clock);
    for (let i = 0; i < 5_000; i += 1) window.note(attempt(1_000_000), 'm');
    expect(window.statistics('m')?.attempts).toBe(500);
    clock.advance(300_001);
    expect(window.statistics('m')).toBeUndefined();
  });

  it('is summed for whoever asks, and again only when an attempt has come or gone', () => {
    const clock = new FakeClock(1_000_000);
    const window = new AttemptWindow(clock);
    for (let i = 0; i < 100; i += 1) {
      window.note(attempt(1_000_000), 'm');
      clock.advance(10);
    }
    window.note(attempt(1_001_000), 'm');
    const first = window.statistics('m');
    expect(first?.attempts).toBe(101);
    clock.advance(200_000);
    expect(window.statistics('m')).toBe(first);
    clock.advance(99_001);
    expect(window.statistics('m')?.attempts).toBe(1);
    window.note(attempt(1_300_000), 'other');
    expect(window.statistics('m')).toBe(window.statistics('m'));
    window.note(attempt(1_300_000), 'm');
    expect(window.statistics('m')?.attempts).toBe(2);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { AttemptSummary } from '../../../src/core/call-record.ts';
import { AttemptWindow } from '../../../src/policies/health/attempt-window.ts';
import { FirstOutputs } from '../../../src/policies/hedge/first-outputs.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function open() {
  const clock = new FakeClock(1_000_000);
  const window = new AttemptWindow(clock);
  /** An attempt that has just ended, and had its first output after so many ms. */
  const note = (
    firstMs: number | undefined,
    tookMs: number,
    fields: Partial<AttemptSummary> = {},
  ) => {
    const endedAt = clock.now();
    const startedAt = endedAt - tookMs;
    window.note(
      {
        attempt: 1,
        target: 'default',
        model: 'gpt-test',
        startedAt,
        ...(firstMs !== undefined && { firstOutputAt: startedAt + firstMs }),
        endedAt,
        outcome: 'completed',
        ended: false,
        queuedMs: 0,
        backoffMs: 0,
        left: [],
        ...fields,
      },
      'gpt-test',
    );
  };
  const usual = (share = 0.95) => new FirstOutputs(window, clock).usualMs('gpt-test', share);
  return { clock, note, usual, window };
}

describe('FirstOutputs', () => {
  it('knows nothing before 50 were seen, those without output left out', () => {
    const { note, usual } = open();
    for (let index = 0; index < 49; index += 1) note(100, 200);
    note(undefined, 50, { outcome: 'NETWORK_ERROR' });
    expect(usual()).toBeUndefined();
    note(100, 200);
    expect(usual()).toBe(100);
  });

  it('is where the share has had its first output, and a little more as long as few were seen', () => {
    const { note, usual } = open();
    for (let index = 1; index <= 400; index += 1) note(1_000 + index, 2_000);
    expect(usual()).toBeGreaterThanOrEqual(1_380);
    expect(usual()).toBeLessThanOrEqual(1_390);
    expect(usual(0.5)).toBeLessThan(1_220);
  });

  it('is at most three times the median, however many are slow', () => {
    const { note, usual } = open();
    for (let index = 0; index < 100; index += 1) note(index % 10 === 0 ? 10_000 : 200, 11_000);
    expect(usual()).toBe(600);
  });

  it('does not become quicker by those that a second attempt cut short', () => {
    const { note, usual } = open();
    for (let index = 0; index < 400; index += 1) note(500 + index, 2_000);
    const before = usual();
    const cutShort = () => note(undefined, 1_100, { outcome: 'CANCELLED', ended: true });
    for (let index = 0; index < 5; index += 1) cutShort();
    expect(usual()).toBeGreaterThanOrEqual(before ?? Number.NaN);
    expect(usual()).toBeLessThan(1_000);
    for (let index = 0; index < 50; index += 1) cutShort();
    expect(usual()).toBeGreaterThan(2_000);
  });

  it('forgets what is older than five minutes', () => {
    const { note, usual, clock } = open();
    for (let index = 0; index < 60; index += 1) note(100, 200);
    expect(usual()).toBe(100);
    clock.advance(300_001);
    expect(usual()).toBeUndefined();
  });

  it('counts anew once a second', () => {
    const { note, window, clock } = open();
    const outputs = new FirstOutputs(window, clock);
    for (let index = 0; index < 50; index += 1) note(100, 200);
    expect(outputs.usualMs('gpt-test', 0.5)).toBe(100);
    for (let index = 0; index < 60; index += 1) note(300, 400);
    expect(outputs.usualMs('gpt-test', 0.5)).toBe(100);
    clock.advance(1_000);
    expect(outputs.usualMs('gpt-test', 0.5)).toBe(300);
  });
});

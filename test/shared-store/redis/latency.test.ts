import { expect, it } from '@jest/globals';
import { Latency } from '../../../src/shared-store/redis/latency.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function latencyOf(...answers: readonly number[]) {
  const clock = new FakeClock();
  const latency = new Latency(clock);
  for (const ms of answers) latency.note(ms);
  return { clock, latency };
}

it('is slow where every other answer is, and tells how slow', () => {
  expect(latencyOf(1, 1, 150, 300).latency.slowMs).toBe(150);
  expect(latencyOf(1, 1, 1, 300, 300).latency.slowMs).toBeUndefined();
  expect(latencyOf(99, 99, 99, 99).latency.slowMs).toBeUndefined();
});

it('is not judged by a few answers, nor by old ones', () => {
  expect(latencyOf(500, 500, 500).latency.slowMs).toBeUndefined();
  const { clock, latency } = latencyOf(500, 500, 500, 500);
  clock.advance(60_000);
  expect(latency.slowMs).toBe(500);
  clock.advance(1);
  expect(latency.slowMs).toBeUndefined();
});

it('forgets all but the last', () => {
  const { latency } = latencyOf(...Array(32).fill(500), ...Array(17).fill(1));
  expect(latency.slowMs).toBeUndefined();
});

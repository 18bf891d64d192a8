import { execFileSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import type { Clock } from '../../../src/core/clock.ts';
import {
  HeapShare,
  type LoadMeter,
  LoopDelay,
  oldGenerationBytes,
  startLoadMeter,
} from '../../../src/server/arrivals/load-meter.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Collects all garbage now. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** Waits until a collection was noted. */
async function measured(meter: LoadMeter): Promise<void> {
  while (meter.load.heapShare === 0) await turn();
}

/** A clock whose one timer fires when a test says so. */
function lateClock() {
  let now = 0;
  let fire = (): void => {};
  let ms = 0;
  const clock: Clock = {
    now: () => now,
    after(after, callback) {
      ms = after;
      fire = callback;
      return { refresh() {}, cancel() {} };
    },
    afterSilence: (after, callback) => clock.after(after, callback),
  };
  return {
    clock,
    fireLate(lateMs: number) {
      now += ms + lateMs;
      fire();
    },
  };
}

describe('the delay of the event loop', () => {
  it('is the worst that two windows in a row have seen', () => {
    const delay = new LoopDelay(0);
    expect(delay.ms).toBe(0);
    delay.note(30, 250);
    delay.note(10, 500);
    expect(delay.ms).toBe(0);
    delay.note(20, 1000);
    expect(delay.ms).toBe(20);
    delay.note(50, 1500);
    expect(delay.ms).toBe(20);
    delay.note(0, 2000);
    expect(delay.ms).toBe(0);
  });

  it('is what timers are late, as long as they are', () => {
    const { clock, fireLate } = lateClock();
    const meter = startLoadMeter(clock, 2 ** 40);
    for (let i = 0; i < 3; i += 1) fireLate(700);
    expect(meter.load.eventLoopDelayMs).toBe(700);
    for (let i = 0; i < 20; i += 1) fireLate(0);
    expect(meter.load.eventLoopDelayMs).toBe(0);
    meter.stop();
  });

  it('does not show a single pause, however long', () => {
    const { clock, fireLate } = lateClock();
    const meter = startLoadMeter(clock, 2 ** 40);
    const shown: number[] = [];
    for (const lateMs of [...Array(15).fill(0), 5000, ...Array(30).fill(0)]) {
      fireLate(lateMs);
      shown.push(meter.load.eventLoopDelayMs);
    }
    expect(new Set(shown)).toEqual(new Set([0]));
    meter.stop();
  });
});

describe('the share of the heap', () => {
  it('is what a collection left, for 10 s', () => {
    const clock = new FakeClock();
    const heap = new HeapShare(clock);
    expect(heap.share).toBe(0);
    heap.note(0.95);
    clock.advance(9_999);
    expect(heap.share).toBe(0.95);
    clock.advance(1);
    expect(heap.share).toBe(0);
  });

  it('is measured when the garbage was collected, and not for what is garbage', async () => {
    // A measurement would be forgotten by and by if it did not stand still.
    const clock = new FakeClock();
    const meter = startLoadMeter(clock, 2 ** 40);
    collectGarbage();
    await measured(meter);
    const { heapShare } = meter.load;
    expect(heapShare).toBeLessThan(1);
    meter.stop();
    const successor = startLoadMeter(clock, 2 ** 40);
    collectGarbage();
    await measured(successor);
    successor.stop();
    expect(meter.load.heapShare).toBe(heapShare);
  });
});

describe('the old generation', () => {
  const MIB = 2 ** 20;

  it('has what the young one leaves, which is small where memory is', () => {
    const { heap_size_limit: limit } = getHeapStatistics();
    expect(limit - oldGenerationBytes(512 * MIB)).toBe(12 * MIB);
    expect(limit - oldGenerationBytes(2 ** 40)).toBe(96 * MIB);
  });

  // With more than that a process of 64 MiB refused nobody, and ended.
  it.each([64, 100])('has %d MiB where Node.js was told so', (mib) => {
    const program = `
      import { totalmem } from 'node:os';
      import { oldGenerationBytes } from './src/server/arrivals/load-meter.ts';
      const memory = Math.min(process.constrainedMemory() || Infinity, totalmem());
      console.log(oldGenerationBytes(memory) / 2 ** 20);`;
    const options = [`--max-old-space-size=${mib}`, '--input-type=module', '-e', program];
    const told = Number(execFileSync(process.execPath, options, { timeout: 20_000 }));
    expect(Math.abs(told - mib)).toBeLessThan(4);
  });
});

it('tells how much of its memory the process has taken', () => {
  const clock = new FakeClock();
  const meter = startLoadMeter(clock, 2 * process.memoryUsage.rss());
  const small = startLoadMeter(clock, 1024);
  expect(meter.load.memoryShare).toBe(0);
  clock.advance(1_000);
  expect(meter.load.memoryShare).toBeGreaterThan(0.1);
  expect(meter.load.memoryShare).toBeLessThan(1);
  expect(small.load.memoryShare).toBe(1);
  meter.stop();
  small.stop();
});

it('leaves no timer behind', () => {
  const clock = new FakeClock();
  const meter = startLoadMeter(clock, 2 ** 40);
  expect(clock.pending).toBe(1);
  clock.advance(10_000);
  expect(meter.load.eventLoopDelayMs).toBe(0);
  meter.stop();
  expect(clock.pending).toBe(0);
});

// Linux tells it in a file: Node.js throws EMFILE, which ended the process.
it('goes on with the memory that it knows where no more files can be opened', () => {
  const clock = new FakeClock();
  const meter = startLoadMeter(clock, 2 * process.memoryUsage.rss());
  clock.advance(50);
  const { memoryShare } = meter.load;
  const rss = jest.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw new Error('EMFILE: too many open files, uv_resident_set_memory');
  });
  try {
    clock.advance(1_000);
    expect(rss).toHaveBeenCalled();
    expect(meter.load.memoryShare).toBe(memoryShare);
  } finally {
    rss.mockRestore();
    meter.stop();
  }
});

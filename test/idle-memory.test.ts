import { expect, it } from '@jest/globals';
import { collectWhenIdle } from '../src/idle-memory.ts';
import { FakeClock } from './support/fake-clock.ts';

const MIB = 2 ** 20;

function watched({ garbage = 0, freed = [] as number[] } = {}) {
  const clock = new FakeClock();
  const state = { running: 0, used: 50 * MIB, collections: 0 };
  const timer = collectWhenIdle({
    clock,
    running: () => state.running,
    used: () => state.used,
    collect() {
      state.used -= (freed[state.collections] ?? 0) * MIB;
      state.collections += 1;
    },
  });
  state.used += garbage * MIB;
  return { clock, state, timer };
}

it('collects when nobody has called for a while, as long as that sets something free', () => {
  const { clock, state } = watched({ garbage: 80, freed: [40, 35, 0] });
  clock.advance(2_000);
  expect(state.collections).toBe(0);
  clock.advance(10_000);
  expect(state.collections).toBe(3);
  state.used += 31 * MIB;
  clock.advance(10_000);
  expect(state.collections).toBe(3);
  state.used += 1 * MIB;
  clock.advance(10_000);
  expect(state.collections).toBe(4);
});

it('does not collect again and again what is held', () => {
  const { clock, state } = watched({ garbage: 200, freed: [0, 0, 0] });
  clock.advance(60_000);
  expect(state.collections).toBe(1);
});

it('stops after three rounds', () => {
  const { clock, state } = watched({ garbage: 300, freed: [2, 2, 2, 2, 2] });
  clock.advance(60_000);
  expect(state.collections).toBe(3);
});

it('lets calls run', () => {
  const { clock, state } = watched({ garbage: 80, freed: [80] });
  state.running = 1;
  clock.advance(60_000);
  expect(state.collections).toBe(0);
  state.running = 0;
  clock.advance(2_000);
  state.running = 1;
  clock.advance(1_000);
  state.running = 0;
  clock.advance(2_000);
  expect(state.collections).toBe(0);
  clock.advance(1_000);
  expect(state.collections).toBe(1);
});

it('collects what V8 would not', async () => {
  const clock = new FakeClock();
  collectWhenIdle({ clock, running: () => 0 });
  const held = { buffer: Buffer.alloc(64 * MIB) as Buffer | undefined };
  const gone = new WeakRef(held.buffer as Buffer);
  // A reference of the turn is let go of with it.
  await new Promise(setImmediate);
  held.buffer = undefined;
  clock.advance(4_000);
  await new Promise(setImmediate);
  clock.advance(2_000);
  expect(gone.deref()).toBeUndefined();
});

import { describe, expect, it } from '@jest/globals';
import { Silence } from '../../../src/shared-store/budgets/silence.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const PATIENCE_MS = 2_000;

describe('the silence of a server', () => {
  function open() {
    const clock = new FakeClock();
    let told = 0;
    const silence = new Silence(clock, () => {
      told += 1;
    });
    return { clock, silence, told: () => told };
  }

  it('is long after two seconds, counted from when it was asked first', () => {
    const { clock, silence, told } = open();
    silence.begin();
    clock.advance(1_500);
    silence.begin();
    clock.advance(499);
    expect([silence.isLong, told()]).toEqual([false, 0]);
    clock.advance(1);
    expect([silence.isLong, told()]).toEqual([true, 1]);
    silence.end();
    expect([silence.isLong, clock.pending]).toEqual([false, 0]);
  });

  it('begins anew after an answer, however late that was', () => {
    const { clock, silence, told } = open();
    for (let count = 0; count < 3; count += 1) {
      silence.begin();
      clock.advance(PATIENCE_MS - 1);
      silence.answered();
    }
    silence.answered();
    expect([silence.isLong, told()]).toEqual([false, 0]);
  });

  it('goes on where the last one ended, if the server comes only to go', () => {
    const { clock, silence, told } = open();
    silence.begin();
    clock.advance(1_800);
    silence.end();
    clock.advance(10);
    silence.begin();
    clock.advance(200);
    expect([silence.isLong, told()]).toEqual([true, 1]);
    silence.end();
    silence.begin();
    clock.advance(0);
    expect(silence.isLong).toBe(true);
    silence.end();
    clock.advance(PATIENCE_MS);
    silence.begin();
    clock.advance(PATIENCE_MS - 1);
    expect(silence.isLong).toBe(false);
  });
});

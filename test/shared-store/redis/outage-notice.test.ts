import { describe, expect, it } from '@jest/globals';
import { OutageNotice } from '../../../src/shared-store/redis/outage-notice.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AWAY, BACK, LogProbe } from '../support.ts';

describe('a notice of outages', () => {
  function open() {
    const clock = new FakeClock();
    const log = new LogProbe();
    return { clock, log, notice: new OutageNotice(clock, log) };
  }

  it('tells of one once, however often it is lost, and of its end', () => {
    const { notice, log } = open();
    for (let count = 0; count < 3; count += 1) notice.lost(new Error('no'));
    notice.found();
    notice.found();
    expect(log.lines).toEqual([AWAY, BACK]);
  });

  it('tells of outages that follow one another once a minute, and how many they were', () => {
    const { clock, notice, log } = open();
    for (let second = 0; second < 130; second += 1) {
      notice.lost(new Error('no'));
      clock.advance(500);
      notice.found();
      clock.advance(500);
    }
    notice.lost(new Error('no'));
    clock.advance(60_000);
    const aways = log.lines.filter((line) => line === AWAY);
    expect(aways.length).toBeLessThanOrEqual(4);
    expect(log.lines.length).toBeLessThanOrEqual(2 * aways.length);
    const told = log.fields.flatMap((fields) => ('outages' in fields ? [fields.outages] : []));
    expect(told.length).toBeGreaterThan(0);
    expect(1 + told.reduce((sum: number, count) => sum + Number(count), 0)).toBe(131);
  });

  it('tells of one that began within the minute when it is over, if it still lasts', () => {
    const { clock, notice, log } = open();
    notice.lost(new Error('no'));
    notice.found();
    notice.lost(new Error('again'));
    clock.advance(59_999);
    expect(log.lines).toEqual([AWAY, BACK]);
    clock.advance(1);
    expect(log.lines).toEqual([AWAY, BACK, AWAY]);
    notice.close();
    expect(clock.pending).toBe(0);
  });
});

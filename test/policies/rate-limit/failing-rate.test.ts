import { describe, expect, it } from '@jest/globals';
import { FailingRate } from '../../../src/policies/rate-limit/failing-rate.ts';
import { random } from '../../support/random.ts';
import { requestLimit } from '../../support/request-limit.ts';

/** Sends so many a second, evenly, of which those fail for which `fails` says so, after so many ms. */
function send(
  rate: FailingRate,
  { from, toMs, perSecond }: { from: number; toMs: number; perSecond: number },
  fails: (now: number) => boolean,
  afterMs = () => 0,
): { sent: number; answered: number } {
  const counts = { sent: 0, answered: 0 };
  let failing: { sentAt: number; at: number }[] = [];
  for (let now = from; now < toMs; now += 1_000 / perSecond) {
    if (rate.take(now)) {
      counts.sent += 1;
      if (fails(now)) failing.push({ sentAt: now, at: now + afterMs() });
      else counts.answered += 1;
    }
    for (const { sentAt, at } of failing) if (at <= now) rate.failed(sentAt, at);
    failing = failing.filter(({ at }) => at > now);
  }
  return counts;
}

/** Such a share, by chance. */
function sometimes(share: number): () => boolean {
  const chance = random(1);
  return () => chance() < share;
}

/** The more are sent beyond so many a second, the fewer of them are answered. */
function collapsing(perSecond: number): (now: number) => boolean {
  const sent: number[] = [];
  const chance = random(1);
  return (now) => {
    while ((sent[0] ?? now) < now - 1_000) sent.shift();
    sent.push(now);
    const load = sent.length / perSecond;
    return load > 1 && chance() >= Math.exp(1 - load) / load;
  };
}

describe('FailingRate', () => {
  it('knows nothing before anything fails, nor of a few', () => {
    const rate = new FailingRate();
    expect(send(rate, { from: 0, toMs: 10_000, perSecond: 200 }, () => false).sent).toBe(2_000);
    send(rate, { from: 10_000, toMs: 20_000, perSecond: 20 }, sometimes(0.05));
    expect([rate.waitMs(20_000), rate.isKnown]).toEqual([0, false]);
  });

  it('finds what is taken by an upstream that fails the rest, and keeps to it', () => {
    const rate = new FailingRate();
    const { sent, answered } = send(
      rate,
      { from: 0, toMs: 60_000, perSecond: 40 },
      requestLimit(15),
    );
    expect(answered).toBeGreaterThan(0.95 * 15 * 60);
    expect(answered).toBeGreaterThan(0.8 * sent);
    expect(rate.isKnown).toBe(true);
  });

  it('keeps an upstream from collapsing', () => {
    const load = { from: 0, toMs: 60_000, perSecond: 60 };
    const { answered } = send(new FailingRate(), load, collapsing(40));
    expect(answered).toBeGreaterThan(0.7 * 40 * 60);
  });

  it.each([0.3, 0.5, 0.8, 0.9])(
    'holds nobody back where a share of %f fails however few are sent',
    (share) => {
      const rate = new FailingRate();
      const fails = sometimes(share);
      send(rate, { from: 0, toMs: 15_000, perSecond: 60 }, fails);
      expect(rate.isKnown).toBe(true);
      expect(
        send(rate, { from: 15_000, toMs: 60_000, perSecond: 60 }, fails).sent,
      ).toBeGreaterThanOrEqual(2_700);
    },
  );

  const chance = random(2);
  const late = [
    ['3 s', () => 3_000],
    ['1 to 5 s', () => 1_000 + 4_000 * chance()],
  ] as const;

  it.each(late)(
    'holds nobody back where failures that have nothing to do with it come after %s',
    (_, afterMs) => {
      const rate = new FailingRate();
      const fails = sometimes(0.5);
      let sentLater = 0;
      send(
        rate,
        { from: 0, toMs: 60_000, perSecond: 60 },
        (now) => {
          if (now >= 30_000) sentLater += 1;
          return fails();
        },
        afterMs,
      );
      expect(rate.isKnown).toBe(true);
      expect(sentLater).toBeGreaterThanOrEqual(1_800);
    },
  );

  it.each(late)('finds what is taken where failures come after %s', (_, afterMs) => {
    const load = { from: 0, toMs: 60_000, perSecond: 60 };
    const { answered } = send(new FailingRate(), load, collapsing(40), afterMs);
    expect(answered).toBeGreaterThan(0.65 * 40 * 60);
  });

  it('tries again once clearly more fail', () => {
    const rate = new FailingRate();
    send(rate, { from: 0, toMs: 15_000, perSecond: 40 }, sometimes(0.3));
    const { answered } = send(
      rate,
      { from: 15_000, toMs: 60_000, perSecond: 40 },
      requestLimit(10),
    );
    expect(answered).toBeGreaterThan(0.85 * 10 * 45);
    expect(rate.waitMs(60_000, 100)).toBeGreaterThan(1_000);
  });

  it('takes an upstream that is up and down by turns for none that has a rate', () => {
    const rate = new FailingRate();
    const isDown = (now: number) => now % 2_000 >= 1_000;
    expect(send(rate, { from: 0, toMs: 60_000, perSecond: 40 }, isDown).sent).toBe(2_400);
    expect(rate.isKnown).toBe(false);
  });

  it('takes an outage for none', () => {
    const rate = new FailingRate();
    expect(send(rate, { from: 0, toMs: 10_000, perSecond: 40 }, () => true).sent).toBe(400);
    expect(rate.isKnown).toBe(false);
  });

  it('begins anew behind a calm time, and forgets a rate after a minute', () => {
    const anyway = new FailingRate();
    send(anyway, { from: 0, toMs: 15_000, perSecond: 40 }, sometimes(0.5));
    send(anyway, { from: 15_000, toMs: 20_000, perSecond: 40 }, () => false);
    anyway.failed(19_975, 20_000);
    expect(anyway.isKnown).toBe(false);
    const limited = new FailingRate();
    send(limited, { from: 0, toMs: 15_000, perSecond: 40 }, requestLimit(15));
    expect(limited.isKnown).toBe(true);
    limited.take(80_000);
    expect(limited.isKnown).toBe(false);
  });

  it('does not count what was never sent, nor what failed long after it was', () => {
    const rate = new FailingRate();
    for (let now = 0; now < 15_000; now += 25) {
      rate.take(now);
      if (now >= 5_500 && now % 50 === 0) rate.failed(now - 5_500, now);
    }
    expect([rate.isKnown, rate.waitMs(15_000)]).toEqual([false, 0]);
    for (let now = 20_000; now < 23_000; now += 25) {
      rate.take(now);
      rate.undo(now);
    }
    rate.failed(50_000, 50_000);
    expect(rate.isKnown).toBe(false);
  });
});

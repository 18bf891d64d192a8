import { describe, expect, it } from '@jest/globals';
import { HedgeShare } from '../../../src/policies/hedge/hedge-share.ts';

const many = (share: HedgeShare, attempts: number): void => {
  for (let made = 0; made < attempts; made += 1) share.deposit();
};

function taken(share: HedgeShare): number {
  for (let count = 0; ; count += 1) if (!share.withdraw()) return count;
}

describe('HedgeShare', () => {
  it('has none before so many attempts that one is their share', () => {
    const share = new HedgeShare(0.05);
    many(share, 19);
    expect(share.withdraw()).toBe(false);
    share.deposit();
    expect(taken(share)).toBe(1);
  });

  it('saves up the share of 200 attempts', () => {
    const share = new HedgeShare(0.05);
    many(share, 10_000);
    expect(taken(share)).toBe(10);
  });

  it('has one in the end however small it is', () => {
    const share = new HedgeShare(0.001);
    many(share, 1_000);
    expect(taken(share)).toBe(1);
  });

  it('takes back what was not made', () => {
    const share = new HedgeShare(1);
    share.deposit();
    expect(share.withdraw()).toBe(true);
    share.giveBack();
    expect(taken(share)).toBe(1);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { aBudget, aSpender, exactly, NEVER } from '../money/budget/books.ts';
import { describeWithRedis } from '../support/redis-server.ts';
import { Bench, type BenchSidecar, CENT, DOLLAR, reserve } from './support.ts';

const LEASE_MS = 60_000;
const PATIENCE_MS = 2_000;
const LIMIT = 8n * DOLLAR;

describeWithRedis('budgets during an outage', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });

  afterAll(() => bench.stop());

  beforeEach(() => bench.clear());

  /** A sidecar that holds a lease of some cents when its server goes away. */
  async function cutOff(onOutage: 'refuse' | 'allow'): Promise<BenchSidecar> {
    const one = bench.sidecar({ onOutage, leaseMs: LEASE_MS });
    const held = await reserve(one, 10n * CENT);
    held.settle(0n);
    await one.tick();
    one.runner.isUp = false;
    return one;
  }

  /** Without waiting. */
  function attempt({ book }: BenchSidecar, amount: bigint): unknown {
    try {
      return book.reserve(aSpender(), exactly(amount), NEVER);
    } catch (error) {
      return error;
    }
  }

  const REFUSED = {
    reason: 'BUDGET_EXCEEDED',
    facts: { budget: { storeAway: expect.any(String) } },
  };

  describe.each(['refuse', 'allow'] as const)(
    'while the store is away, with onOutage %s',
    (choice) => {
      it('calls go on within the lease', async () => {
        const one = await cutOff(choice);
        one.clock.advance(LEASE_MS / 2);
        expect(attempt(one, CENT)).toMatchObject({ granted: CENT });
      });

      it('what needs more than the lease waits for a while', async () => {
        const one = await cutOff(choice);
        const wait = reserve(one, DOLLAR);
        one.clock.advance(PATIENCE_MS - 1);
        one.runner.isUp = true;
        expect((await wait).granted).toBe(DOLLAR);
      });
    },
  );

  describe('while the store is away, with onOutage refuse', () => {
    it('what needs more than the lease is refused when that while is over, and from then on', async () => {
      const one = await cutOff('refuse');
      const wait = expect(reserve(one, DOLLAR)).rejects.toMatchObject(REFUSED);
      one.clock.advance(PATIENCE_MS);
      await wait;
      expect(attempt(one, DOLLAR)).toMatchObject(REFUSED);
      expect(attempt(one, CENT)).toMatchObject({ granted: CENT });
    });

    it('says why, and not that the budget is spent or reset', async () => {
      const one = await cutOff('refuse');
      one.clock.advance(PATIENCE_MS);
      const error = attempt(one, DOLLAR);
      if (!(error instanceof ProviderError)) throw new Error('It is not refused.');
      expect(error.message).toMatch(/The store of shared budgets is away/);
      expect(error.facts.retryAfterMs).toBeUndefined();
    });

    it('everything is refused when the lease is over', async () => {
      const one = await cutOff('refuse');
      one.clock.advance(LEASE_MS);
      expect(attempt(one, CENT)).toMatchObject(REFUSED);
    });

    it('who waits for a settlement is refused when the lease is over', async () => {
      const one = await cutOff('refuse');
      const held = await reserve(one, 12n * CENT);
      one.clock.advance(PATIENCE_MS);
      const wait = expect(reserve(one, 12n * CENT)).rejects.toMatchObject(REFUSED);
      one.clock.advance(LEASE_MS);
      await wait;
      held.settle(CENT);
    });

    it('a settlement within the lease serves who waits', async () => {
      const one = await cutOff('refuse');
      const held = await reserve(one, 12n * CENT);
      one.clock.advance(PATIENCE_MS);
      const wait = reserve(one, 12n * CENT);
      held.settle(CENT);
      expect((await wait).granted).toBe(12n * CENT);
    });

    it('a sidecar that starts refuses after a while, and works when the store is there', async () => {
      const one = bench.sidecar();
      one.runner.isUp = false;
      const wait = expect(reserve(one, CENT)).rejects.toMatchObject(REFUSED);
      one.clock.advance(PATIENCE_MS);
      await wait;
      one.runner.isUp = true;
      await one.answer();
      expect((await reserve(one, CENT)).granted).toBe(CENT);
    });
  });

  describe('while the store is away, with onOutage allow', () => {
    it('calls go on, up to the limit as far as it is known', async () => {
      const one = await cutOff('allow');
      one.clock.advance(LEASE_MS);
      const known = one.state();
      expect(attempt(one, LIMIT)).toMatchObject({ granted: LIMIT });
      expect(known.spent + known.reserved).toBe(0n);
      expect(attempt(one, CENT)).toBeInstanceOf(Promise);
    });

    it('leaves to others what they have leased', async () => {
      const two = bench.sidecar();
      await reserve(two, 6n * DOLLAR);
      const one = bench.sidecar({ onOutage: 'allow' });
      await one.answer();
      one.runner.isUp = false;
      one.clock.advance(PATIENCE_MS);
      expect(attempt(one, 2n * DOLLAR + CENT)).toMatchObject(REFUSED);
      expect(attempt(one, DOLLAR)).toMatchObject({ granted: DOLLAR });
    });

    it('is reconciled afterwards: all of it is booked, also beyond the limit', async () => {
      const [one, two] = [await cutOff('allow'), bench.sidecar()];
      one.clock.advance(LEASE_MS);
      (await reserve(one, LIMIT)).settle(LIMIT);
      (await reserve(two, DOLLAR)).settle(DOLLAR);
      one.runner.isUp = true;
      await one.answer();
      await two.tick();
      await two.tick();
      expect(two.state().spent).toBe(LIMIT + DOLLAR);
      expect(attempt(two, CENT)).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
      await expect(reserve(one, CENT)).rejects.toMatchObject({
        message: expect.stringMatching(/It is reset at/),
      });
    });
  });

  describe('when the store is back', () => {
    it('the lease is renewed without anybody asking', async () => {
      const one = await cutOff('refuse');
      one.clock.advance(LEASE_MS);
      expect(attempt(one, CENT)).toMatchObject(REFUSED);
      one.runner.isUp = true;
      await one.answer();
      expect((await reserve(one, CENT)).granted).toBe(CENT);
    });
  });

  describe('a sidecar that closes while the store is away', () => {
    it('ends at once', async () => {
      const one = await cutOff('refuse');
      await one.book.close();
      expect(one.clock.pending).toBe(0);
    });

    it('lets accounts go that were released in a period that is over', async () => {
      const users = aBudget({ name: 'users', scope: 'user', limit: LIMIT });
      const one = bench.sidecar({ budgets: [users] });
      (await reserve(one, CENT)).settle(CENT);
      one.runner.isUp = false;
      one.clock.advance(86_400_000);
      expect(one.book.states({})).toEqual([]);
      one.runner.isUp = true;
      expect((await reserve(one, LIMIT)).granted).toBe(LIMIT);
    });
  });
});

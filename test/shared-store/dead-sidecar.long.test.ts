import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spending } from '../money/budget/books.ts';
import { describeWithRedis } from '../support/redis-server.ts';
import { Bench, type BenchSidecar, CENT, DOLLAR, reserve, type SidecarOptions } from './support.ts';

const LIMIT = 8n * DOLLAR;
/** So short that a test can outwait it: the server's clock is a real one. */
const LEASE_MS = 2_000;

describeWithRedis('budgets of sidecars that died', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });

  afterAll(() => bench.stop());

  beforeEach(() => bench.clear());

  const named = (options: SidecarOptions = {}) =>
    bench.sidecar({ name: 'pod-0', keepsLedger: true, leaseMs: LEASE_MS, ...options });

  /** Has spent 3 dollars, of which the server knows of 2, and dies with a lease of 5 and more. */
  async function diesInTheMidst(sidecar: BenchSidecar): Promise<void> {
    (await reserve(sidecar, 2n * DOLLAR)).settle(2n * DOLLAR);
    await sidecar.tick();
    (await reserve(sidecar, 5n * DOLLAR)).settle(DOLLAR);
    sidecar.runner.isUp = false;
  }

  const SPENT = [spending(3n * DOLLAR)];

  describe('a sidecar that dies', () => {
    it('has its lease called reserved at first, and spent when that is over', async () => {
      const [dead, other] = [named(), bench.sidecar({ leaseMs: LEASE_MS })];
      await diesInTheMidst(dead);
      await other.tick();
      expect(other.state().spent).toBe(2n * DOLLAR);
      expect(other.state().reserved >= 5n * DOLLAR).toBe(true);
      await sleep(LEASE_MS);
      await other.tick();
      expect(other.state().spent >= 7n * DOLLAR).toBe(true);
      expect(other.state().reserved).toBe(0n);
      await expect(reserve(other, 2n * DOLLAR)).rejects.toMatchObject({
        reason: 'BUDGET_EXCEEDED',
      });
    });

    it('frees what it has not spent when it starts again and its ledger knows', async () => {
      await diesInTheMidst(named());
      const [again, other] = [named({ spent: SPENT }), bench.sidecar({ leaseMs: LEASE_MS })];
      await again.answer();
      await other.tick();
      expect(again.state().spent).toBe(3n * DOLLAR);
      expect(other.state()).toMatchObject({ spent: 3n * DOLLAR, reserved: 0n });
      expect((await reserve(other, LIMIT - 3n * DOLLAR)).granted).toBe(LIMIT - 3n * DOLLAR);
    });

    it('frees it as well if it starts again after the lease is over', async () => {
      await diesInTheMidst(named());
      await sleep(LEASE_MS);
      const again = named({ spent: SPENT });
      await again.answer();
      expect((await reserve(again, LIMIT - 3n * DOLLAR)).granted).toBe(LIMIT - 3n * DOLLAR);
    });

    it('keeps its lease booked without a ledger, whatever its name', async () => {
      await diesInTheMidst(named({ keepsLedger: false }));
      await sleep(LEASE_MS);
      const again = named({ keepsLedger: false });
      await again.answer();
      expect(again.state().spent >= 7n * DOLLAR).toBe(true);
    });

    it('has spent no less than it reported, should its ledger know less', async () => {
      await diesInTheMidst(named());
      const again = named({ spent: [spending(DOLLAR)] });
      // It need not hear of that at once.
      again.runner.losesAnswers = true;
      await again.answer();
      again.runner.losesAnswers = false;
      await again.tick();
      expect(again.state().spent).toBe(2n * DOLLAR);
      (await reserve(again, DOLLAR)).settle(DOLLAR);
      await again.tick();
      const other = bench.sidecar({ leaseMs: LEASE_MS });
      await other.answer();
      expect(other.state().spent).toBe(3n * DOLLAR);
    });
  });

  describe('two processes with one name', () => {
    it('are told apart: the earlier gets no more leases, and says so once', async () => {
      const first = named();
      await reserve(first, DOLLAR);
      await sleep(2);
      const second = named();
      await reserve(second, DOLLAR);
      await first.tick(2);
      expect(first.log.lines).toEqual([
        expect.stringMatching(/^error: another process uses the name of this one/),
      ]);
      await expect(reserve(first, CENT)).rejects.toMatchObject({
        facts: { budget: { storeAway: expect.any(String) } },
      });
    });

    it('the earlier has it again when the later is dead', async () => {
      const first = named();
      (await reserve(first, DOLLAR)).settle(CENT);
      await sleep(2);
      const second = named({ spent: [spending(CENT)] });
      await reserve(second, DOLLAR);
      await first.tick(2);
      second.runner.isUp = false;
      await sleep(LEASE_MS);
      await first.tick(2);
      expect((await reserve(first, DOLLAR)).granted).toBe(DOLLAR);
    });
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithRedis } from '../support/redis-server.ts';
import { Bench, type BenchSidecar, CENT, DOLLAR, eventually, reserve } from './support.ts';

const LIMIT = 8n * DOLLAR;
const LEASE_MS = 2_000;
const AWAY = { facts: { budget: { storeAway: expect.any(String) } } };

describeWithRedis('budgets on a server that forgets', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });

  afterAll(() => bench.stop());

  beforeEach(() => bench.clear());

  /** Two sidecars that have spent 2 and 3 dollars when the server forgets all. */
  async function forgotten(): Promise<readonly [BenchSidecar, BenchSidecar]> {
    const pair = [
      bench.sidecar({ leaseMs: LEASE_MS }),
      bench.sidecar({ leaseMs: LEASE_MS }),
    ] as const;
    for (const [index, sidecar] of pair.entries()) {
      (await reserve(sidecar, 3n * DOLLAR)).settle(BigInt(2 + index) * DOLLAR);
      await sidecar.tick();
    }
    await bench.server.command('flushall');
    return pair;
  }

  describe('a server that has lost its data', () => {
    it('is told again what was spent', async () => {
      const [one, two] = await forgotten();
      await one.tick();
      await two.tick();
      await one.tick();
      const third = bench.sidecar();
      await third.answer();
      expect(third.state().spent).toBe(5n * DOLLAR);
      expect([...one.log.lines, ...two.log.lines]).toEqual(
        Array(2).fill('warn: the shared store has lost its data; what was spent is reported again'),
      );
    });

    it('grants nothing until all that live have reported again, and lets nobody wait for that', async () => {
      const [one, two] = await forgotten();
      await one.tick();
      await expect(reserve(one, 5n * DOLLAR)).rejects.toMatchObject(AWAY);
      await two.tick();
      await sleep(LEASE_MS);
      await Promise.all([one.tick(2), two.tick(2)]);
      // Of eight dollars three are left.
      const refusal = reserve(one, 5n * DOLLAR);
      await expect(refusal).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
      await expect(refusal).rejects.not.toMatchObject(AWAY);
    });

    it('grants it afterwards to a new sidecar, too', async () => {
      const [one] = await forgotten();
      const third = bench.sidecar({ leaseMs: LEASE_MS });
      await one.tick();
      await expect(reserve(third, 2n * DOLLAR)).rejects.toMatchObject(AWAY);
      await sleep(LEASE_MS);
      await third.tick(2);
      expect((await reserve(third, 2n * DOLLAR)).granted).toBe(2n * DOLLAR);
    });

    it('does not take leases from those that hold them', async () => {
      const [one] = await forgotten();
      const { runs } = one.runner;
      const reservation = one.book.reserve(
        { userId: 'alice', projectId: '', model: 'gpt-test' },
        { most: CENT, least: CENT, explicit: true },
        { signal: AbortSignal.timeout(5_000) },
      );
      expect(reservation).toMatchObject({ granted: CENT });
      await eventually(() => one.runner.runs >= runs);
      expect(LIMIT > one.state().spent).toBe(true);
    });
  });
});

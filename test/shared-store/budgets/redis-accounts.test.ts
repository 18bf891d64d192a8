import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Spending } from '../../../src/money/ledger/ledger.ts';
import { aBudget, aSpender, exactly, NEVER, spending } from '../../money/budget/books.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import {
  Bench,
  CENT,
  DOLLAR,
  eventually,
  LEASE_MS,
  reserve,
  type SidecarOptions,
} from '../support.ts';

const DAY_MS = 86_400_000;
const TICK_MS = 1_000;
const LIMIT = 8n * DOLLAR;
const USERS = aBudget({ name: 'users', scope: 'user', limit: LIMIT });

describeWithRedis('accounts that sidecars share', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });

  afterAll(() => bench.stop());

  beforeEach(() => bench.clear());

  const sidecar = (options: SidecarOptions = {}) => bench.sidecar(options);

  describe('a shared account', () => {
    it('spends from its lease and asks nobody', async () => {
      const one = sidecar();
      const first = await reserve(one, CENT);
      const { runs } = one.runner;
      const second = one.book.reserve(aSpender(), exactly(CENT), NEVER);
      expect(second).toMatchObject({ granted: CENT });
      first.settle(CENT);
      expect(one.runner.runs).toBe(runs);
      expect(one.state()).toMatchObject({ spent: CENT, reserved: CENT, shared: true });
    });

    it('tells others what was spent and what is leased', async () => {
      const [one, two] = [sidecar(), sidecar()];
      (await reserve(one, 3n * CENT)).settle(CENT);
      await one.tick();
      await two.tick();
      expect(two.state()).toMatchObject({ spent: CENT });
      expect(two.state().reserved > 0n).toBe(true);
    });

    it('takes money of a micro-dollar and more, and rounds what was spent up', async () => {
      const [one, two] = [sidecar(), sidecar()];
      (await reserve(one, CENT)).settle(1n);
      await one.tick();
      await two.tick();
      expect(one.state().spent).toBe(1n);
      expect(two.state().spent).toBe(1_000_000n);
    });

    it('refuses what the budget does not hold', async () => {
      await expect(reserve(sidecar(), LIMIT + DOLLAR)).rejects.toMatchObject({
        reason: 'BUDGET_EXCEEDED',
        message: expect.stringMatching(/It is reset at/),
      });
    });

    it('can have all of the limit', async () => {
      expect((await reserve(sidecar(), LIMIT)).granted).toBe(LIMIT);
    });

    it('refuses when others have spent it', async () => {
      const [one, two] = [sidecar(), sidecar()];
      (await reserve(one, LIMIT)).settle(LIMIT);
      await one.tick();
      await expect(reserve(two, CENT)).rejects.toMatchObject({
        facts: { budget: { spent: LIMIT } },
      });
      // For a while it does not even ask again.
      const { runs } = two.runner;
      await expect(reserve(two, CENT)).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
      expect(two.runner.runs).toBe(runs);
    });

    it('waits for what others have reserved, and gets it when they have settled', async () => {
      const [one, two] = [sidecar(), sidecar()];
      const all = await reserve(one, LIMIT);
      const wait = reserve(two, 2n * DOLLAR);
      await two.answer();
      all.settle(DOLLAR);
      await one.tick();
      // It asks again by and by.
      for (let times = 0; times < 20; times += 1) {
        await Promise.all([one.tick(), two.tick()]);
        if (two.state().reserved >= 2n * DOLLAR) break;
      }
      expect((await wait).granted).toBe(2n * DOLLAR);
    });

    it('gives back what it does not need any more', async () => {
      const [one, two] = [sidecar(), sidecar()];
      (await reserve(one, DOLLAR)).settle(CENT);
      await one.tick(25);
      await two.tick();
      expect(two.state()).toMatchObject({ spent: CENT });
      expect(two.state().reserved < CENT / 5n).toBe(true);
    });

    it('leases more than a call needs, and less as the budget nears its end', async () => {
      const [one, two] = [sidecar(), sidecar()];
      await reserve(one, CENT);
      await reserve(two, CENT);
      const lease = two.state().reserved - CENT;
      expect(lease > CENT).toBe(true);
      (await reserve(one, LIMIT - DOLLAR)).settle(LIMIT - DOLLAR);
      await one.tick();
      await two.tick(3);
      expect(two.state().spent).toBe(LIMIT - DOLLAR);
      expect(two.state().reserved - CENT <= DOLLAR / 2n).toBe(true);
    });
  });

  describe('an account that is released', () => {
    it('gives its lease back', async () => {
      const [one, two] = [sidecar({ budgets: [USERS] }), sidecar({ budgets: [USERS] })];
      const reservation = await reserve(one, LIMIT);
      // Nothing was spent: the subject is forgotten.
      reservation.settle(0n);
      await one.answer();
      expect(one.book.states({})).toEqual([]);
      expect((await reserve(two, LIMIT)).granted).toBe(LIMIT);
    });

    it('of a user is shown by sidecars that spend for that user, with what all have spent', async () => {
      const [one, two] = [sidecar({ budgets: [USERS] }), sidecar({ budgets: [USERS] })];
      (await reserve(one, DOLLAR)).settle(DOLLAR);
      await one.tick();
      expect(two.book.states({})).toEqual([]);
      await reserve(two, CENT);
      expect(two.state()).toMatchObject({ subject: 'alice', spent: DOLLAR });
    });

    it('is the same when it is opened again at once', async () => {
      const one = sidecar({ budgets: [USERS] });
      (await reserve(one, DOLLAR)).settle(0n);
      expect((await reserve(one, DOLLAR)).granted).toBe(DOLLAR);
    });

    it('begins anew in the next period, and leaves the last one to be forgotten', async () => {
      const one = sidecar();
      (await reserve(one, DOLLAR)).settle(DOLLAR);
      one.clock.advance(DAY_MS);
      expect(one.state()).toMatchObject({ spent: 0n });
      expect((await reserve(one, LIMIT)).granted).toBe(LIMIT);
      const keys = (await bench.server.command('keys', '*')).split('\n');
      expect(keys).toHaveLength(2);
      for (const key of keys) {
        expect(key).toMatch(/^test:\{shared\}:budget:daily:\d+:$/);
        expect(Number(await bench.server.command('pttl', key))).toBeGreaterThan(DAY_MS / 2);
      }
    });

    it('is kept for ever if it is a total', async () => {
      const one = sidecar({ budgets: [aBudget({ limit: LIMIT, period: 'total' })] });
      await reserve(one, DOLLAR);
      expect(await bench.server.command('pttl', await bench.server.command('keys', '*'))).toBe(
        '-1',
      );
    });
  });

  describe('a lease of somebody for whom nothing was spent', () => {
    const pod = () => sidecar({ name: 'pod-0', keepsLedger: true, budgets: [USERS] });
    const leased = () => bench.server.command('hkeys', 'test:{shared}:leases:pod-0');

    it('is free once its sidecar has started again, whoever calls there', async () => {
      const dead = pod();
      await reserve(dead, LIMIT);
      expect(await leased()).toMatch(/:alice$/);
      dead.runner.isUp = false;
      await sleep(2);
      const again = pod();
      again.runner.isUp = false;
      again.runner.isUp = true;
      await eventually(async () => (await leased()) === '');
      expect((await reserve(sidecar({ budgets: [USERS] }), LIMIT)).granted).toBe(LIMIT);
      expect(again.book.states({})).toEqual([]);
    });

    it('is known as long as it lasts', async () => {
      const one = pod();
      (await reserve(one, DOLLAR)).settle(0n);
      await eventually(async () => (await leased()) === '');
      (await reserve(one, DOLLAR)).settle(CENT);
      expect(await leased()).toMatch(/:alice$/);
      await one.book.close();
      expect(await leased()).toBe('');
    });
  });

  describe('a budget that becomes another one of the same name', () => {
    const SOME = { ...USERS, match: 'a*' };
    /** One whose ledger has what is spent there. */
    const spender = (options: SidecarOptions = {}) => {
      const spent: Spending[] = [];
      const one = sidecar({ budgets: [SOME], spent, ...options });
      const spend = async (amount: bigint) => {
        const reservation = await reserve(one, amount);
        spent.push(spending(amount));
        reservation.settle(amount);
      };
      return { ...one, spent, spend };
    };

    it('holds and books once what runs', async () => {
      const [one, two] = [spender(), sidecar({ budgets: [USERS] })];
      const running = await reserve(one, DOLLAR);
      one.book.configure([USERS]);
      expect(one.state()).toMatchObject({ spent: 0n, reserved: DOLLAR });
      running.settle(DOLLAR);
      await one.tick();
      await reserve(two, CENT);
      expect([one.state().spent, two.state().spent]).toEqual([DOLLAR, DOLLAR]);
      expect((await reserve(one, 6n * DOLLAR)).granted).toBe(6n * DOLLAR);
    });

    it('knows what was spent while there was none, though the server was away', async () => {
      const { runner, book, spend, spent, state, tick } = spender();
      await spend(DOLLAR);
      await tick();
      runner.isUp = false;
      book.configure([]);
      spent.push(spending(2n * DOLLAR));
      book.configure([SOME]);
      expect(state()).toMatchObject({ spent: 3n * DOLLAR });
    });

    it('goes on, whoever looked for money of the one before', async () => {
      const { book, clock, ...one } = spender();
      const running = await reserve({ book }, LIMIT);
      const lack = book.reserveEach([{ spender: aSpender(), amount: CENT }]);
      book.configure([USERS]);
      if (!('leave' in lack)) throw new Error('There is no lack.');
      lack.leave();
      running.settle(CENT);
      await one.tick();
      expect(one.state()).toMatchObject({ spent: CENT });
      const rest = reserve({ book }, LIMIT - DOLLAR);
      clock.advance(TICK_MS);
      expect((await rest).granted).toBe(LIMIT - DOLLAR);
    });

    it('counts what others spent under its name, also by another scope', async () => {
      const all = { budgets: [{ ...USERS, scope: 'all' as const }] };
      const [one, two] = [spender(all), sidecar(all)];
      await one.spend(DOLLAR);
      await one.tick();
      for (const { book } of [one, two]) book.configure([USERS]);
      expect(one.state()).toMatchObject({ subject: 'alice', spent: DOLLAR });
      await reserve(two, CENT, '');
      expect(two.state()).toMatchObject({ subject: '', spent: DOLLAR });
    });

    it('counts once what a process before this one spent for whom it is not', async () => {
      const named = { name: 'pod-0', keepsLedger: true };
      const dead = spender(named);
      await dead.spend(DOLLAR);
      await reserve(dead, DOLLAR);
      await dead.tick();
      dead.runner.isUp = false;
      await sleep(2);
      const again = spender({ ...named, budgets: [{ ...USERS, match: 'b*' }], spent: dead.spent });
      await again.answer();
      again.book.configure([USERS]);
      const two = sidecar({ budgets: [USERS] });
      await again.tick();
      await reserve(two, CENT);
      expect(two.state()).toMatchObject({ spent: DOLLAR });
    });
  });

  it('what is held of what a process before had reserved is leased, too', async () => {
    const [one, two] = [sidecar(), sidecar()];
    const held = one.book.hold(aSpender(), 3n * DOLLAR);
    expect(one.state().reserved).toBe(3n * DOLLAR);
    await eventually(async () => {
      await two.tick();
      return two.state().reserved >= 3n * DOLLAR;
    });
    expect(one.state().reserved).toBe(3n * DOLLAR);
    held.settle(CENT);
    await one.tick(25);
    await two.tick();
    expect(two.state()).toMatchObject({ spent: CENT });
    expect(two.state().reserved < CENT).toBe(true);
  });

  describe('a lost answer', () => {
    it('costs nobody anything', async () => {
      const [one, two] = [sidecar(), sidecar()];
      one.runner.losesAnswers = true;
      const wait = reserve(one, LIMIT);
      await one.answer();
      one.runner.losesAnswers = false;
      one.clock.advance(TICK_MS);
      const reservation = await wait;
      reservation.settle(DOLLAR);
      await one.book.close();
      expect((await reserve(two, LIMIT - DOLLAR)).granted).toBe(LIMIT - DOLLAR);
    });
  });

  describe('why a server that answers leases nothing, to calls and operators', () => {
    it('is that another process has the name', async () => {
      const named = () => sidecar({ name: 'web', keepsLedger: true });
      const first = named();
      await reserve(first, DOLLAR);
      expect(first.accounts.problem).toBeUndefined();
      await sleep(2);
      await reserve(named(), DOLLAR);
      await first.tick();
      await expect(reserve(first, CENT)).rejects.toMatchObject({
        message: expect.stringMatching(
          /Another process uses the name of this sidecar in the store/,
        ),
      });
      expect(first.accounts.problem).toMatch(/^Another process uses the name web of this one/);
    });

    it('is that it has lost its data, until all have told it what they spent', async () => {
      const one = sidecar();
      (await reserve(one, DOLLAR)).settle(DOLLAR);
      await one.tick();
      await bench.server.command('flushall');
      await one.tick();
      await expect(reserve(one, LIMIT - DOLLAR)).rejects.toMatchObject({
        message: expect.stringMatching(/The store of shared budgets has lost its data/),
      });
      expect(one.accounts.problem).toMatch(/^It has lost its data\. Budgets lease no more until/);
      one.clock.advance(LEASE_MS);
      expect(one.accounts.problem).toBeUndefined();
    });
  });

  describe('a server that refuses', () => {
    it('is like one that is away, and is told of once', async () => {
      const one = sidecar();
      one.runner.refusal = new Error('OOM command not allowed');
      const wait = reserve(one, DOLLAR);
      const refusal = expect(wait).rejects.toMatchObject({
        reason: 'BUDGET_EXCEEDED',
        message: expect.stringMatching(/store of shared budgets is away/),
      });
      for (let times = 0; times < 4; times += 1) {
        await eventually(() => one.log.lines.length > 0);
        one.clock.advance(TICK_MS);
      }
      await refusal;
      expect(one.log.lines).toEqual(['error: the shared store refuses to keep budgets']);
      one.runner.refusal = undefined;
      await one.tick();
      expect((await reserve(one, DOLLAR)).granted).toBe(DOLLAR);
    });
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import type { RedisConnection } from '../../src/shared-store/redis/connection.ts';
import { aBudget, aSpender, exactly } from '../money/budget/books.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { CENT, connectTo, DOLLAR, eventually, openSidecar, type TestSidecar } from './support.ts';

const SIDECARS = 4;
const CALLS = 1_000;
const LIMIT = 2n * DOLLAR;
const USER_LIMIT = (DOLLAR * 4n) / 5n;
const BUDGETS = [
  aBudget({ limit: LIMIT }),
  aBudget({ name: 'users', scope: 'user', limit: USER_LIMIT }),
];

describeWithRedis('several sidecars', () => {
  let server: RedisServer;
  let connections: RedisConnection[];
  let sidecars: TestSidecar[];

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    await server.command('flushall');
    connections = Array.from({ length: SIDECARS }, () => connectTo(server));
    sidecars = connections.map((connection) =>
      openSidecar(connection, { budgets: BUDGETS, leaseMs: 2_000 }),
    );
  });

  afterEach(async () => {
    await Promise.all(sidecars.map(({ book }) => book.close()));
    for (const connection of connections) connection.close();
  });

  /** Calls at all sidecars at once, which cost mostly much less than they reserve. */
  class Rush {
    readonly #spent = new Map<string, bigint>();
    readonly #dead = new Set<TestSidecar>();
    answered = 0;
    /** The part of the budget that was spent when it refused a call first. */
    leastUsed = 1;

    async run(): Promise<void> {
      await Promise.all(Array.from({ length: CALLS }, (_, index) => this.#call(index)));
    }

    /** What it has reserved is never settled. */
    kill(index: number): void {
      const sidecar = sidecars[index];
      if (sidecar !== undefined) this.#dead.add(sidecar);
      connections[index]?.close();
    }

    /** By one user, or by all. */
    spentBy(user: string): bigint {
      if (user !== '') return this.#spent.get(user) ?? 0n;
      return [...this.#spent.values()].reduce((sum, spent) => sum + spent, 0n);
    }

    get users(): readonly string[] {
      return [...this.#spent.keys()];
    }

    async #call(index: number): Promise<void> {
      const sidecar = sidecars[index % SIDECARS];
      if (sidecar === undefined) throw new Error('There is no such sidecar.');
      const least = CENT / 20n;
      const wish = { least, most: BigInt(1 + (index % 4)) * CENT, explicit: index % 2 === 0 };
      const user = `user-${index % 3}`;
      try {
        const limits = { signal: AbortSignal.timeout(120_000) };
        const reservation = await sidecar.book.reserve(aSpender({ userId: user }), wish, limits);
        await sleep(index % 20);
        const share = BigInt((index * 37) % 100) ** 3n;
        const cost = least + ((reservation.granted - least) * share) / 1_000_000n;
        this.#spent.set(user, this.spentBy(user) + cost);
        this.answered += 1;
        if (!this.#dead.has(sidecar)) reservation.settle(cost);
      } catch (error) {
        if (!this.#dead.has(sidecar)) this.#refused(error);
      }
    }

    #refused(error: unknown): void {
      if (!(error instanceof ProviderError) || error.facts.budget === undefined) throw error;
      const { subject, limit } = error.facts.budget;
      const used = Number(this.spentBy(subject)) / Number(limit);
      this.leastUsed = Math.min(this.leastUsed, used);
    }
  }

  function expectNoOverspend(rush: Rush): void {
    expect(rush.spentBy('') <= LIMIT).toBe(true);
    for (const user of rush.users) expect(rush.spentBy(user) <= USER_LIMIT).toBe(true);
  }

  describe('four sidecars with a thousand calls on one budget', () => {
    it('spend nearly all of it before the first refusal, and no more', async () => {
      const rush = new Rush();
      await rush.run();
      expectNoOverspend(rush);
      expect(rush.answered).toBeLessThan(CALLS);
      expect(rush.leastUsed).toBeGreaterThan(0.95);
    });

    it('spend no more if one of them is killed in the midst', async () => {
      const rush = new Rush();
      const done = rush.run();
      await eventually(() => rush.answered > 100);
      rush.kill(3);
      await done;
      expectNoOverspend(rush);
      expect(rush.answered).toBeLessThan(CALLS);
    });
  });

  describe('sidecars that close', () => {
    it('leave all of the budget to others but what they spent', async () => {
      const [first, second] = sidecars;
      if (first === undefined || second === undefined) throw new Error('There are no sidecars.');
      const signal = AbortSignal.timeout(120_000);
      const half = exactly(DOLLAR / 2n);
      const reservation = await first.book.reserve(aSpender(), half, { signal });
      reservation.settle(DOLLAR / 5n);
      await first.book.close();
      const rest = exactly(USER_LIMIT - DOLLAR / 5n);
      const other = await second.book.reserve(aSpender(), rest, { signal });
      expect(other.granted).toBe(rest.most);
      expect(second.book.states({ name: 'users' })).toMatchObject([{ spent: DOLLAR / 5n }]);
    });
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sumOf, toNanos } from '../../money/dollars.ts';
import { agrees, type Reconciliation, reconcile } from '../../money/reconcile.ts';
import { BilledUpstream } from '../../money/upstream.ts';
import { describeWithRedis, RedisServer } from '../../support/redis-server.ts';
import { CAPPED_PROJECT, Load } from './load.ts';
import { Places, type Told } from './places.ts';
import { readStore, type StoreBooks } from './store-books.ts';
import { THIS_VERSION, type UnpackedVersion, versionBefore } from './version-before.ts';

const SEED = 1;
/** Between two replacements, so that each mix of versions has work. */
const CALLS_EACH = 60;
/** Dollars: what some fifteen of its calls cost. */
const CAP = 0.005;
const PICO_PER_MICRO = 1_000_000n;

const BUDGETS = `
costManagement: { budgetLimit: 1000, budgetPeriod: total, minOutputTokens: 16 }
budgets:
  - { name: people, scope: user, limit: 1000, period: total }
  - { name: capped, scope: project, match: ${CAPPED_PROJECT}, limit: ${CAP}, period: total }
`;

describeWithRedis(
  'three sidecars on one Redis, brought up to date one by one and back under load',
  () => {
    let server: RedisServer;
    let upstream: BilledUpstream;
    let before: UnpackedVersion;
    let places: Places;
    let load: Load;
    /** Calls that sidecars of this version refused because they stopped. */
    let refusedByThis: number;
    /** Versions that served together. */
    const mixes: string[] = [];
    let told: readonly Told[];
    let books: Reconciliation;
    let store: StoreBooks;
    /** Pico-dollars that the upstream billed. */
    let bill: bigint;

    beforeAll(async () => {
      before = versionBefore();
      if (before.instead !== undefined)
        process.stderr.write(`This version stands in for the one before: ${before.instead}.\n`);
      server = await RedisServer.start();
      upstream = await BilledUpstream.start();
      places = await Places.open({ upstream: upstream.url, redis: server.url, budgets: BUDGETS });
      load = new Load(places.target, upstream, SEED);
      const work = async () => {
        mixes.push((await places.versions()).toSorted().join());
        await load.goOn(CALLS_EACH);
      };

      await places.fill(before);
      load.begin();
      await work();
      await places.roll(THIS_VERSION, work);
      const askedBefore = load.ends.askedAgain;
      await places.roll(before, work);
      refusedByThis = load.ends.askedAgain - askedBefore;
      await load.end();
      await upstream.settle();

      bill = upstream.bill.total;
      const answered = upstream.bill.lines.filter(({ ending }) => ending === 'answered');
      told = await places.told(answered.length);
      await places.empty();
      books = reconcile(places.rows, upstream.bill);
      store = await readStore(server);
    });

    afterAll(async () => {
      await load?.end();
      await places?.close();
      await upstream?.close();
      await server?.stop();
      before?.remove();
    });

    it('run every mix of both versions, and are drained with calls under way', () => {
      const [old, young] = [before.name, THIS_VERSION.name];
      const mix = (many: number) => [old, old, old, young, young, young].slice(many, many + 3);
      const sorted = [0, 1, 2, 3, 2, 1, 0].map((many) => mix(many).toSorted().join());
      expect(mixes).toEqual(sorted);
      expect(places.drained).toBeGreaterThan(0);
    });

    it('lose no call', () => {
      expect(load.ends.lost).toEqual([]);
      expect(refusedByThis).toBe(0);
      expect(load.ends.answered).toBeGreaterThan(6 * CALLS_EACH);
    });

    it('have in their ledgers what the upstream billed, attempt by attempt to the pico-dollar', () => {
      const { pairs, unseen, doubles, missing } = books;
      expect({ unseen, doubles, missing }).toEqual({ unseen: [], doubles: 0, missing: [] });
      const billed = pairs.filter(({ line }) => line.ending === 'answered');
      expect(billed.length).toBe(load.ends.answered);
      expect(billed.filter((pair) => !agrees(pair))).toEqual([]);
      expect(sumOf(places.rows, ({ cost }) => cost)).toBe(bill);
    });

    it('have in Redis what the upstream billed, to the pico-dollar', () => {
      expect(store.totals).toEqual({ attempts: places.rows.length, picoDollars: bill });
    });

    it('tell the same of usage at every address', () => {
      const all = { attempts: places.rows.length, cost: toNanos(bill) };
      expect(told).toEqual([all, all, all]);
    });

    it('have booked it on the budget of all, rounded up by a micro-dollar a process at most', () => {
      const most = bill + BigInt(places.lives) * PICO_PER_MICRO;
      expect(store.spent.costManagement).toBeGreaterThanOrEqual(bill);
      expect(store.spent.costManagement).toBeLessThanOrEqual(most);
      expect(store.leased).toBe(0n);
    });

    it('have spent the small budget up and no more, and refused for it alone', () => {
      const limit = BigInt(CAP * 1e6) * PICO_PER_MICRO;
      const rows = places.rows.filter(({ projectId }) => projectId === CAPPED_PROJECT);
      const spent = sumOf(rows, ({ cost }) => cost);
      expect(spent).toBeLessThanOrEqual(limit);
      expect(spent).toBeGreaterThan(limit / 2n);
      expect(load.ends.refused).toBeGreaterThan(0);
    });
  },
);

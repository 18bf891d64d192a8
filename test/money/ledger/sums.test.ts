import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LedgerDimension, LedgerQuery } from '../../../src/money/ledger/ledger.ts';
import type { StoredRecord } from '../../../src/money/ledger/record-rows.ts';
import { sumRecords } from '../../../src/money/ledger/sums.ts';
import {
  addTotals,
  dailyShare,
  Groups,
  NO_LABELS,
  noTotals,
} from '../../../src/money/ledger/totals.ts';
import { fewOrMany } from '../../support/long.ts';
import { aRecord, costing, DAY, MIDNIGHT, someUsage, storeInMemory } from './support.ts';

const HOUR = 3_600_000;
const NOW = MIDNIGHT + 4 * DAY + 5 * HOUR;

const DIMENSIONS: readonly LedgerDimension[] = [
  'model',
  'userId',
  'projectId',
  'outcome',
  'target',
  'day',
];

function storeOf(stored: readonly StoredRecord[]) {
  const { store, records, database } = storeInMemory();
  records.add(stored);
  return { store, records, database };
}

async function sumsOf(records: readonly StoredRecord[], query: LedgerQuery, now = NOW) {
  const { store, database } = storeOf(records);
  try {
    return await sumRecords(store, query, now);
  } finally {
    database.close();
  }
}

/** At some hour, counted from MIDNIGHT. */
const at = (hours: number, callId = `call-at-${hours}`) =>
  aRecord(callId, { startedAt: MIDNIGHT + hours * HOUR, endedAt: MIDNIGHT + hours * HOUR });

/** The same sums without a database. */
function expected(records: readonly StoredRecord[], query: LedgerQuery) {
  const { from = 0, until = Number.POSITIVE_INFINITY } = query;
  const groups = new Groups();
  const total = noTotals();
  for (const { record } of records) {
    const [labels, totals] = dailyShare(record);
    if (record.endedAt < from || record.endedAt >= until) continue;
    if (query.userId !== undefined && query.userId !== record.userId) continue;
    if (query.model !== undefined && query.model !== record.model) continue;
    const shown = { ...NO_LABELS };
    for (const dimension of query.groupBy) shown[dimension] = labels[dimension];
    groups.add(shown, totals);
    addTotals(total, totals);
  }
  return { rows: new Set(query.groupBy.length === 0 ? [] : groups.values()), total };
}

const someRecords = fc.array(
  fc.record({
    hours: fc.integer({ min: 0, max: 4 * 24 }),
    userId: fc.constantFrom('', 'a', 'b'),
    projectId: fc.constantFrom('', "p'; DROP TABLE records"),
    model: fc.constantFrom('gpt-5.4', 'gpt-5.4-mini'),
    upstream: fc.constantFrom('default', 'azure'),
    outcome: fc.constantFrom('completed' as const, 'CANCELLED' as const),
    pico: fc.option(fc.bigInt(0n, 2n ** 62n)),
    unpriced: fc.boolean(),
    outputTokens: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    estimated: fc.boolean(),
  }),
  { maxLength: 30 },
);

const someQuery = fc.record(
  {
    from: fc.integer({ min: -24, max: 5 * 24 }),
    until: fc.integer({ min: -24, max: 5 * 24 }),
    userId: fc.constantFrom('a', "' OR 1=1 --"),
    model: fc.constantFrom('gpt-5.4'),
    groupBy: fc.uniqueArray(fc.constantFrom(...DIMENSIONS)),
  },
  { requiredKeys: ['groupBy'] },
);

describe('sums of the ledger', () => {
  it('are those of the records, for every range, filter and grouping', async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, someQuery, async (samples, { from, until, ...query }) => {
        const records = samples.map((sample, index) => {
          const endedAt = MIDNIGHT + sample.hours * HOUR;
          const { userId, projectId, model, upstream, outcome } = sample;
          const { outputTokens, estimated, pico, unpriced } = sample;
          const usage = someUsage({ outputTokens, estimated });
          const charge = { model, upstream, outcome, startedAt: endedAt, endedAt, usage };
          const { cost } = costing(pico ?? 0n);
          const stored = aRecord(
            `call-${index}`,
            { ...charge, ...(cost && { cost: { ...cost, unpriced } }) },
            { userId, projectId },
          );
          if (pico !== null) return stored;
          const { cost: _, ...record } = stored.record;
          return { ...stored, record };
        });
        const range = {
          ...(from === undefined ? {} : { from: MIDNIGHT + from * HOUR }),
          ...(until === undefined ? {} : { until: MIDNIGHT + until * HOUR }),
        };
        const sums = await sumsOf(records, { ...query, ...range });
        const { rows, total } = expected(records, { ...query, ...range });
        expect(new Set(sums.rows)).toEqual(rows);
        expect(sums.total).toMatchObject(total);
        const costs = sums.rows.map(({ picoDollars }) => picoDollars);
        expect(costs).toEqual([...costs].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
      }),
      { numRuns: fewOrMany(50, 200), seed: 7 },
    );
  });

  it('of nothing are nothing', async () => {
    const { rows, total, truncated } = await sumsOf([], { groupBy: ['model'] });
    expect({ rows, truncated }).toEqual({ rows: [], truncated: false });
    expect(total).toEqual({ ...NO_LABELS, ...noTotals() });
  });

  it('list the 1,000 that cost most, and say that there are more', async () => {
    const records = Array.from({ length: 1_001 }, (_, index) =>
      aRecord(`call-${index}`, costing(BigInt(index)), { userId: `user-${index}` }),
    );
    const { rows, total, truncated } = await sumsOf(records, { groupBy: ['userId'] });
    expect(rows).toHaveLength(1_000);
    expect(rows[0]).toMatchObject({ userId: 'user-1000', picoDollars: 1_000n });
    expect(rows.at(-1)).toMatchObject({ userId: 'user-1' });
    expect(truncated).toBe(true);
    expect(total).toMatchObject({ attempts: 1_001, picoDollars: 500_500n });
  });

  it('include what ends today even if it is asked for until tomorrow', async () => {
    const until = NOW + 1_000;
    const { total } = await sumsOf([at(4 * 24 + 1)], { groupBy: [], until });
    expect(total.attempts).toBe(1);
  });

  it('count what was deleted by whole days', async () => {
    const { store, records } = storeOf([at(1), at(5), at(23), at(25), at(49)]);
    records.deleteBefore(MIDNIGHT + 24 * HOUR, 2);
    expect(records.deletedBefore()).toBe(MIDNIGHT + DAY);
    const attempts = async (from: number, until: number) => {
      const range = { from: MIDNIGHT + from * HOUR, until: MIDNIGHT + until * HOUR };
      return (await sumRecords(store, { groupBy: [], ...range }, NOW)).total.attempts;
    };
    expect(await attempts(4, 6)).toBe(3);
    expect(await attempts(4, 26)).toBe(4);
    expect(await attempts(25, 49)).toBe(1);
  });
});

import { expect, it } from '@jest/globals';
import { Holdings } from '../../src/batch/holdings.ts';
import { settle } from '../../src/batch/settle.ts';
import type { BatchBooks } from '../../src/money/batches/batch-store.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import { localAccounts } from '../../src/money/budget/local-accounts.ts';
import type { Spending } from '../../src/money/ledger/ledger.ts';
import type { BatchMeans } from '../../src/provider/batch-means.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { aBudget, settled, spending } from '../money/budget/books.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { TelemetryProbe } from '../support/telemetry.ts';

const PAYER = { userId: 'alice', projectId: 'apollo' };
const OF = {
  batch: 'b',
  part: 1,
  upstream: 'default',
  model: 'gpt-test',
  execution: 'upstream',
} as const;
const COST = { picoDollars: 7n, catalogueVersion: '', estimated: false, unpriced: false };

it('what the ledger has already is not counted twice by budgets that come just then', async () => {
  const ledger: Spending[] = [];
  const { instruments } = new TelemetryProbe();
  const before = [aBudget()];
  const book = new BudgetBook(
    { budgets: before, minOutputTokens: 1 },
    localAccounts({ spending: () => ledger }, before),
    { clock: new FakeClock(), instruments, log: { warn: () => {} } },
  );
  const holdings = new Holdings(book, OF.model);
  holdings.reserve([{ ...PAYER, most: 10n }]);
  const answered = Promise.withResolvers<void>();
  const addResults = async () => {
    ledger.push(spending(7n, PAYER));
    await answered.promise;
    return [{ customId: '1', ...PAYER, most: 10n }];
  };
  const settling = settle(
    OF,
    [{ customId: '1', result: '', succeeded: true, cost: COST }],
    holdings,
    {
      books: { addResults } as unknown as BatchBooks,
      changes: { tell: () => {} } as never,
      instruments,
      means: { book, labels: { label: (model: string) => model } } as unknown as BatchMeans,
    },
  );
  const change = book.bookings.change(() => book.configure([...before, aBudget({ name: 'new' })]));
  await settled();
  answered.resolve();
  await Promise.all([settling, change]);
  expect(book.states({})).toMatchObject([
    { name: 'daily', spent: 7n, reserved: 0n },
    { name: 'new', spent: 7n, reserved: 0n },
  ]);
});

it('a part that no budget applied to counts in one that comes while it is worked on', async () => {
  const { instruments } = new TelemetryProbe();
  const book = new BudgetBook(
    { budgets: [], minOutputTokens: 1 },
    localAccounts({ spending: () => [] }, []),
    { clock: new FakeClock(), instruments, log: { warn: () => {} } },
  );
  const sent = new Holdings(book, OF.model);
  const held = new Holdings(book, OF.model);
  sent.reserve([{ ...PAYER, most: 10n }]);
  held.resume([{ ...PAYER, most: 20n }]);
  book.configure([aBudget()]);
  expect(book.states({})).toMatchObject([{ spent: 0n, reserved: 30n }]);
  for (const holdings of [sent, held]) {
    holdings.settle({ customId: '1', ...PAYER, most: 10n }, 7n);
    holdings.release();
  }
  expect(book.states({})).toMatchObject([{ spent: 14n, reserved: 0n }]);
});

it('what an item without a bound has cost counts, and that it was not all', async () => {
  const probe = new TelemetryProbe();
  const { instruments } = probe;
  const budgets = [aBudget()];
  const book = new BudgetBook(
    { budgets, minOutputTokens: 1 },
    localAccounts({ spending: () => [] }, budgets),
    { clock: new FakeClock(), instruments, log: { warn: () => {} } },
  );
  const sent = new Holdings(book, OF.model);
  const held = new Holdings(book, OF.model);
  sent.reserve([{ ...PAYER, most: 0n }]);
  held.resume([{ ...PAYER, most: 0n }]);
  const cost = { ...COST, picoDollars: 7_000_000_000n, unpriced: true };
  const results = [{ customId: '1', result: '', succeeded: true, cost, record: {} as never }];
  for (const holdings of [sent, held]) {
    await settle(OF, results, holdings, {
      books: { addResults: async () => [{ customId: '1', ...PAYER, most: 0n }] } as never,
      changes: { tell: () => {} } as never,
      instruments,
      means: { book, labels: { label: (model: string) => model } } as unknown as BatchMeans,
    });
  }
  expect(book.states({})).toMatchObject([{ spent: 14_000_000_000n, reserved: 0n }]);
  expect(await probe.measured(METRICS.cost.name)).toMatchObject([{ value: 0.014 }]);
  expect(await probe.measured(METRICS.unpricedAttempts.name)).toMatchObject([{ value: 2 }]);
});

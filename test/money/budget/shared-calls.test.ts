import { expect, it } from '@jest/globals';
import type { Call, Handler, Stage } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed } from '../../../src/core/events.ts';
import type { BudgetDefinition } from '../../../src/money/budget/options.ts';
import { aCall, completed, drain } from '../../support/events.ts';
import { aModel } from '../../support/models.ts';
import { aCharge, COST, sharedWithin } from '../sharing/within-budgets.ts';
import { aBudget, openBook, settled } from './books.ts';

const DOLLAR = 10n ** 12n;
const PRICES = { currency: 'USD', standard: { input: '1', output: '10' }, history: [] } as const;

/** Shared calls of users, of whom bob alone has a budget. */
function aHouse(
  limit: bigint,
  prices: typeof PRICES | undefined = PRICES,
  between?: Stage,
  whose: Partial<BudgetDefinition> = { scope: 'user', match: 'bob' },
) {
  const opened = openBook([aBudget({ limit, ...whose })]);
  const { book } = opened;
  const ended: PromiseWithResolvers<Completed>[] = [];
  const limits: (number | undefined)[] = [];
  const upstream: Handler = async (call) => {
    const end = Promise.withResolvers<Completed>();
    ended.push(end);
    limits.push(call.request.maxTokens);
    call.signal.addEventListener('abort', () => end.reject(call.signal.reason));
    try {
      return await end.promise;
    } finally {
      call.record.charges.push(aCharge());
    }
  };
  const handler = sharedWithin(opened, upstream, between);
  const model = aModel({ maxOutputTokens: 1_000, ...(prices && { prices }) });
  const ask = (userId: string, content = 'Hi') => {
    const controller = new AbortController();
    const asked = {
      messages: [{ role: 'user' as const, content }],
      cache: { coalesce: true },
      metadata: { user_id: userId },
    };
    const target = { model, surface: 'chat_completions' } as const;
    const call: Call = aCall({ asked, request: asked, target, signal: controller.signal });
    const answer = drain((emit) => handler(call, emit));
    return { answer, leave: () => controller.abort(new ProviderError('CANCELLED')) };
  };
  const spent = () => book.states({}).map(({ subject, spent: sum }) => [subject, sum]);
  return { ask, ended, limits, spent };
}

it('moves what is of no budget to the budget of the one who pays from then on', async () => {
  const { ask, ended, spent } = aHouse(DOLLAR);
  const [alice, bob] = [ask('alice'), ask('bob')];
  await settled();
  alice.leave();
  await alice.answer;
  ended[0]?.resolve(completed());
  expect((await bob.answer).error).toBeUndefined();
  expect(spent()).toEqual([['bob', COST]]);
});

it('books to the one who pays from then on what an attempt costs behind one that had failed before', async () => {
  const again: Stage = (next) => (call, emit) => next(call, emit).catch(() => next(call, emit));
  const { ask, ended, spent } = aHouse(DOLLAR, PRICES, again);
  const [alice, bob] = [ask('alice'), ask('bob')];
  await settled();
  ended[0]?.reject(new ProviderError('NETWORK_ERROR'));
  await settled();
  alice.leave();
  await alice.answer;
  ended[1]?.resolve(completed());
  expect((await bob.answer).error).toBeUndefined();
  expect(spent()).toEqual([['bob', COST]]);
});

it('asks that budget, and passes its caller over if it has no room', async () => {
  const { ask, ended, spent } = aHouse(1n);
  const [alice, bob, carol] = [ask('alice'), ask('bob'), ask('carol')];
  await settled();
  alice.leave();
  await alice.answer;
  ended[0]?.resolve(completed());
  expect((await bob.answer).events.at(-1)).toMatchObject({ shared: true });
  expect((await carol.answer).events.at(-1)).not.toHaveProperty('shared');
  expect(ended).toHaveLength(1);
  expect(spent().every(([, sum]) => sum === 0n)).toBe(true);
});

it('that a budget of the one who asked cuts short is made anew for the others, who come before or later', async () => {
  const { ask, ended, limits } = aHouse(3_000_000_000n);
  const [bob, again, alice] = [ask('bob'), ask('bob'), ask('alice')];
  await settled();
  const carol = ask('carol');
  await settled();
  expect(limits).toStrictEqual([295, undefined]);
  for (const { resolve } of ended) resolve(completed());
  for (const { answer } of [again, carol]) {
    expect((await answer).events.at(-1)).toMatchObject({ shared: true });
  }
  for (const { answer } of [bob, alice]) {
    expect((await answer).events.at(-1)).not.toHaveProperty('shared');
  }
});

it('that waits for a budget of the one who asked is made at once for the others', async () => {
  const { ask, ended, limits } = aHouse(3_000_000_000n);
  const before = ask('bob', 'Something else');
  await settled();
  const calls = [before, ask('bob'), ask('alice')];
  await settled();
  const atOnce = [...limits];
  for (let round = 0; round < 2; round += 1) {
    for (const { resolve } of ended) resolve(completed());
    await settled();
  }
  for (const { answer } of calls) expect((await answer).error).toBeUndefined();
  expect(atOnce).toStrictEqual([295, undefined]);
});

it.each([
  { scope: 'all', match: '*' },
  { scope: 'project', match: '*' },
] as const)('is shared where the budget that cuts it short is one of both: %j', async (whose) => {
  const { ask, ended, limits } = aHouse(3_000_000_000n, PRICES, undefined, whose);
  const [bob, alice] = [ask('bob'), ask('alice')];
  await settled();
  expect(limits).toEqual([295]);
  ended[0]?.resolve(completed());
  expect((await alice.answer).events.at(-1)).toMatchObject({ shared: true });
  await bob.answer;
});

it('takes models without a price where no budget applies', async () => {
  const { ask, ended } = aHouse(DOLLAR, undefined);
  const alice = ask('alice');
  await settled();
  ended[0]?.resolve(completed());
  expect((await alice.answer).error).toBeUndefined();
});

import { describe, expect, it } from '@jest/globals';
import type { BatchCharge, NewBatch, NewItem, NewPart } from '../../../src/money/batches/batch.ts';
import { BatchStore } from '../../../src/money/batches/batch-store.ts';
import { StoreDatabase } from '../../../src/money/store/store-database.ts';
import { aCharge, costing, someUsage } from '../ledger/support.ts';

const BATCH: NewBatch = {
  id: 'b-1',
  owner: 'apollo',
  idempotencyKey: 'key-1',
  displayName: 'Nightly',
  metadata: { team: 'a' },
  createdAt: 1_000,
  expiresAt: 9_000,
};

const PART: NewPart = {
  number: 1,
  execution: 'upstream',
  upstream: 'default',
  endpoint: '/chat/completions',
  model: 'gpt-test',
  modelId: 'gpt-test',
  file: 'part-1',
};

function item(number: number, changes: Partial<NewItem> = {}): NewItem {
  return {
    number,
    customId: `item-${number}`,
    part: 1,
    offset: number * 10,
    length: 10,
    userId: number % 2 === 0 ? 'alice' : 'bob',
    projectId: 'apollo',
    most: 5n,
    inputTokens: 7,
    context: '{}',
    ...changes,
  };
}

function charge(callId: string): BatchCharge {
  return { ...aCharge(costing(3n)), callId, traceId: '', userId: 'alice', projectId: 'apollo' };
}

/** A store in this thread, with a batch of so many items. */
function open(items = 4) {
  const booked: BatchCharge[] = [];
  const store = new BatchStore(new StoreDatabase(':memory:').connection, (records) => {
    booked.push(...records);
  });
  store.begin(BATCH);
  store.addItems(
    'b-1',
    Array.from({ length: items }, (_, index) => item(index + 1)),
  );
  store.commit('b-1', 'upstream', items, [PART]);
  return { store, booked };
}

const answered = (number: number) => ({
  customId: `item-${number}`,
  result: `answer ${number}`,
  succeeded: true,
  usage: someUsage({ inputTokens: 10, outputTokens: 2 }),
  cost: { picoDollars: 3n, catalogueVersion: '1', estimated: false, unpriced: false },
  record: charge(`call-${number}`),
});

describe('a batch', () => {
  it('exists once all of its items are there', () => {
    const store = new BatchStore(new StoreDatabase(':memory:').connection, () => {});
    store.begin(BATCH);
    expect(store.get('b-1')).toMatchObject({ ...BATCH, state: 'receiving' });
    expect(store.unfinished()).toEqual([]);
    expect(store.addItems('b-1', [item(1), item(2)])).toEqual([]);
    expect(store.addItems('b-1', [item(3, { customId: 'item-2' })])).toEqual(['item-2']);
    store.commit('b-1', 'local', 2, []);
    expect(store.get('b-1')).toMatchObject({
      state: 'queued',
      execution: 'local',
      counts: { total: 2, completed: 0, failed: 0 },
      upstreamBatchIds: [],
      problems: [],
    });
    expect(store.unfinished().map(({ id }) => id)).toEqual(['b-1']);
    expect(store.byKey('apollo', 'key-1')?.id).toBe('b-1');
    expect(store.byKey('apollo', 'other')).toBeUndefined();
    expect(store.byKey('somebody', 'key-1')).toBeUndefined();
  });

  it('is listed for its owner, by state, page by page, the newest first', () => {
    const { store } = open();
    for (const [id, owner] of [
      ['b-2', 'apollo'],
      ['b-3', 'gemini'],
    ] as const) {
      store.begin({ ...BATCH, id, owner, idempotencyKey: '', createdAt: 2_000 });
      store.commit(id, 'local', 0, []);
    }
    store.start('b-2');
    const ids = (query: Parameters<BatchStore['list']>[0]) =>
      store.list(query).batches.map(({ id }) => id);
    expect(ids({ limit: 10 })).toEqual(['b-3', 'b-2', 'b-1']);
    expect(ids({ limit: 1 })).toEqual(['b-3']);
    const { next = 0 } = store.list({ limit: 1 });
    // The batch at which a page ended may be gone before the next one is asked for.
    expect(store.delete('b-3')).toBe(true);
    expect(ids({ limit: 10, before: next })).toEqual(['b-2', 'b-1']);
    expect(store.list({ limit: 10, before: next })).not.toHaveProperty('next');
    expect(ids({ limit: 10, owner: 'apollo' })).toEqual(['b-2', 'b-1']);
    expect(ids({ limit: 10, state: 'running' })).toEqual(['b-2']);
    expect(ids({ limit: 10, owner: 'apollo', state: 'queued' })).toEqual(['b-1']);
  });

  it('counts each result once, with what it used and cost', () => {
    const { store, booked } = open();
    expect(store.addResults('b-1', [answered(1), answered(2)])).toEqual([
      { customId: 'item-1', userId: 'bob', projectId: 'apollo', most: 5n },
      { customId: 'item-2', userId: 'alice', projectId: 'apollo', most: 5n },
    ]);
    expect(store.addResults('b-1', [answered(2), { ...answered(9) }])).toEqual([]);
    const failed = { customId: 'item-3', result: 'no', succeeded: false };
    expect(store.addResults('b-1', [failed])).toHaveLength(1);
    expect(store.get('b-1')).toMatchObject({
      counts: { total: 4, completed: 2, failed: 1 },
      usage: { inputTokens: 20, outputTokens: 4 },
      cost: { picoDollars: 6n, estimated: false },
    });
    expect(booked.map(({ callId }) => callId)).toEqual(['call-1', 'call-2']);
    expect(store.results('b-1', 0, 2)).toEqual([
      { sequence: 1, customId: 'item-1', result: 'answer 1' },
      { sequence: 2, customId: 'item-2', result: 'answer 2' },
    ]);
    expect(store.results('b-1', 2, 10)).toEqual([
      { sequence: 3, customId: 'item-3', result: 'no' },
    ]);
  });

  it('that costs more than a number of the database holds costs as much as that', () => {
    const { store } = open();
    const cost = { ...answered(1).cost, picoDollars: 2n ** 63n - 1n };
    expect(store.addResults('b-1', [{ ...answered(1), cost }, answered(2)])).toHaveLength(2);
    expect(store.get('b-1')?.cost).toMatchObject({ picoDollars: 2n ** 63n - 1n });
  });

  it('whose costs are estimated or not known says so', () => {
    const { store } = open();
    const cost = { picoDollars: 1n, catalogueVersion: '1', estimated: true, unpriced: true };
    store.addResults('b-1', [answered(1), { ...answered(2), cost }]);
    expect(store.get('b-1')?.cost).toMatchObject({
      picoDollars: 4n,
      estimated: true,
      unpriced: true,
    });
  });

  it('knows what is open in a part, what it can cost, and who owes it', () => {
    const { store } = open();
    store.addResults('b-1', [answered(1)]);
    expect(store.countOpen('b-1', 1)).toEqual({ items: 3, bytes: expect.any(Number) });
    expect(store.openItems('b-1', 1, 0, 2).map(({ customId }) => customId)).toEqual([
      'item-2',
      'item-3',
    ]);
    expect(store.openItems('b-1', 1, 3, 10).map(({ number }) => number)).toEqual([4]);
    expect(store.findItems('b-1', ['item-1', 'item-4', 'x']).map(({ number }) => number)).toEqual([
      4,
    ]);
    const owed = [...store.owed('b-1', 1)].sort((a, b) => a.userId.localeCompare(b.userId));
    expect(owed).toEqual([
      { userId: 'alice', projectId: 'apollo', most: 10n },
      { userId: 'bob', projectId: 'apollo', most: 5n },
    ]);
  });

  it('fails what is open, of everybody or of one', () => {
    const { store } = open();
    const alice = { userId: 'alice', projectId: 'apollo' };
    expect(store.failOpen('b-1', 1, 'budget', alice).map(({ customId }) => customId)).toEqual([
      'item-2',
      'item-4',
    ]);
    expect(store.failOpen('b-1', 1, 'expired')).toHaveLength(2);
    expect(store.get('b-1')?.counts).toEqual({ total: 4, completed: 0, failed: 4 });
  });

  it('splits a part in halves, and says how far each is', () => {
    const { store } = open();
    store.updatePart('b-1', 1, { state: 'running', fileId: 'f', upstreamBatchId: 'u-1', size: 9 });
    expect(store.get('b-1')?.upstreamBatchIds).toEqual(['u-1']);
    const half = store.splitPart('b-1', 1);
    expect(half).toMatchObject({ ...PART, number: 2, state: 'waiting' });
    expect(store.parts('b-1')).toMatchObject([
      { number: 1, state: 'waiting', fileId: '', upstreamBatchId: '' },
      { number: 2 },
    ]);
    expect([1, 2].map((part) => store.countOpen('b-1', part).items)).toEqual([2, 2]);
    expect(store.splitPart('b-1', 9)).toBeUndefined();
  });

  it.each<[string, (store: BatchStore) => void, string]>([
    ['completed', (store) => void store.addResults('b-1', [1, 2, 3, 4].map(answered)), 'completed'],
    [
      'partial',
      (store) => {
        store.addResults('b-1', [answered(1)]);
        store.failOpen('b-1', 1, 'no');
      },
      'partial',
    ],
    ['failed', (store) => void store.failOpen('b-1', 1, 'no'), 'failed'],
    [
      'cancelled',
      (store) => {
        store.cancel('b-1');
        store.failOpen('b-1', 1, 'no');
      },
      'cancelled',
    ],
    [
      'expired',
      (store) => {
        store.expire('b-1');
        store.failOpen('b-1', 1, 'no');
      },
      'expired',
    ],
  ])('ends %s', (_how, work, state) => {
    const { store } = open();
    store.start('b-1');
    work(store);
    store.finish('b-1', 5_000);
    expect(store.get('b-1')).toMatchObject({ state, finishedAt: 5_000 });
    expect(store.unfinished()).toEqual([]);
    expect(store.expendable(6_000, false)).toEqual(['b-1']);
    expect(store.expendable(4_000, false)).toEqual([]);
  });

  it('notes each problem once, and no more than some', () => {
    const { store } = open();
    for (const problem of ['a', 'a', 'b', 'c']) store.addProblem('b-1', problem, 2);
    expect(store.get('b-1')?.problems).toEqual(['a', 'b']);
  });

  it('is deleted with all that belongs to it; what comes for it then does nothing', () => {
    const { store } = open();
    while (!store.delete('b-1'));
    expect(store.get('b-1')).toBeUndefined();
    expect(store.parts('b-1')).toEqual([]);
    expect(store.addResults('b-1', [answered(1)])).toEqual([]);
    expect(store.countOpen('b-1', 1)).toEqual({ items: 0, bytes: 0 });
    expect(store.delete('b-1')).toBe(true);
  });

  it('is as it was where its ledger does not take a record', () => {
    const store = new BatchStore(new StoreDatabase(':memory:').connection, () => {
      throw new Error('disk full');
    });
    store.begin(BATCH);
    store.addItems('b-1', [item(1)]);
    store.commit('b-1', 'local', 1, [PART]);
    expect(() => store.addResults('b-1', [answered(1)])).toThrow('disk full');
    expect(store.get('b-1')?.counts.completed).toBe(0);
    expect(store.results('b-1', 0, 10)).toEqual([]);
  });
});

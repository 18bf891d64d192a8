import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { BatchFault } from '../support/upstream/index.ts';
import { create, get, ids, item, results, startBatches } from './running-batches.ts';

const OF_TEN = ids(10).map((id) => item(id));

/** A fault for the first so many requests of a kind. */
function firstTimes(count: number, method: string, path: RegExp, fault: BatchFault) {
  let left = count;
  return (asked: string, url: string): BatchFault | undefined => {
    if (asked !== method || !path.test(url) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

describe('a batch at the upstream', () => {
  it('answers every item once, at half the price, and leaves no file behind', async () => {
    const { client, stub } = await startBatches({}, { own: true });
    const options = { displayName: 'Nightly', metadata: { team: 'a' } };
    const made = await create(client, options, OF_TEN);
    expect(made).toMatchObject({
      displayName: 'Nightly',
      metadata: { team: 'a' },
      execution: 'BATCH_EXECUTION_UPSTREAM',
      counts: { total: 10 },
    });
    const found = await results(client, made.id);
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(found.map(({ customId }) => customId).sort()).toEqual([...ids(10)].sort());
    expect(found[0]?.response).toMatchObject({
      content: 'Hello from the stub.',
      usage: { inputTokens: 7, outputTokens: 5 },
      // 7 * 0.075 + 5 * 0.3 dollars per million.
      cost: { usd: '0.000002025' },
    });
    const batch = await get(client, made.id);
    expect(batch).toMatchObject({
      state: 'BATCH_STATE_COMPLETED',
      counts: { total: 10, completed: 10, failed: 0 },
      cost: { usd: '0.00002025', estimated: false },
      usage: { inputTokens: 70, outputTokens: 50 },
      problems: [],
    });
    expect(batch.upstreamBatchIds).toHaveLength(1);
    expect([...stub.batches.files.values()]).toEqual([]);
    const usage = await client.usage.unary('GetUsage', {});
    expect(usage.total).toMatchObject({ attempts: 10, cost: { usd: '0.00002025' } });
  });

  it('is split by model, by endpoint and by size behind one id', async () => {
    const { client, stub } = await startBatches(
      { maxRequests: 4 },
      { batch: 'maxRequestsPerFile: 4' },
    );
    const made = await create(client, {}, [
      ...OF_TEN,
      item('other', { model: 'gpt-4o' }),
      item('reasoning', { model: 'gpt-5.4' }),
    ]);
    expect(await results(client, made.id)).toHaveLength(12);
    const sent = [...stub.batches.batches.values()];
    expect(sent.map(({ model, lines }) => [model, lines.length]).sort()).toEqual([
      ['gpt-4o', 1],
      ['gpt-4o-mini', 2],
      ['gpt-4o-mini', 4],
      ['gpt-4o-mini', 4],
      ['gpt-5.4', 1],
    ]);
    expect((await get(client, made.id)).upstreamBatchIds).toHaveLength(5);
  });

  it('tells of each item why it failed, and is PARTIAL', async () => {
    const { client } = await startBatches({
      outcome: ({ custom_id }) => {
        if (custom_id === 'item-3') return 'lost';
        if (custom_id === 'item-4') return { body: { nothing: true } };
        return custom_id === 'item-2'
          ? { status: 400, error: { code: 'context_length_exceeded', message: 'Too long.' } }
          : { answer: {} };
      },
    });
    const made = await create(client, {}, OF_TEN);
    const found = new Map((await results(client, made.id)).map((one) => [one.customId, one]));
    expect(found.get('item-2')?.error).toMatchObject({ code: 3 });
    expect(found.get('item-3')?.error?.message).toMatch(/hold no result/);
    expect(found.get('item-4')?.error).toMatchObject({ code: 14 });
    expect(await get(client, made.id)).toMatchObject({
      state: 'BATCH_STATE_PARTIAL',
      counts: { completed: 7, failed: 3 },
    });
  });

  it.each([
    ['completed', 1, { state: 'BATCH_STATE_COMPLETED', counts: { completed: 10, failed: 0 } }],
    ['expired', 0.5, { state: 'BATCH_STATE_EXPIRED', counts: { completed: 5, failed: 5 } }],
  ])('loses nothing where it has %s before its files are named', async (_how, expireAfter, end) => {
    const lag = { filesAfterMs: 200, expireAfter };
    const { client } = await startBatches(lag, { batch: 'lookFor: 60s' });
    const made = await create(client, {}, OF_TEN);
    const found = await results(client, made.id);
    expect(found.filter(({ response }) => response)).toHaveLength(end.counts.completed);
    expect(await get(client, made.id)).toMatchObject(end);
  });

  it('does not wait for ever for files that are never named', async () => {
    const { client } = await startBatches({ filesAfterMs: 3_600_000 });
    const made = await create(client, {}, OF_TEN);
    const found = await results(client, made.id);
    expect(found[0]?.error?.message).toMatch(/hold no result/);
    expect((await get(client, made.id)).state).toBe('BATCH_STATE_FAILED');
  });

  it('keeps what was done when it expires', async () => {
    const { client } = await startBatches({ expireAfter: 0.4 });
    const made = await create(client, {}, OF_TEN);
    const found = await results(client, made.id);
    expect(found.filter(({ response }) => response)).toHaveLength(4);
    expect(found.at(-1)?.error).toMatchObject({ code: 4 });
    expect(await get(client, made.id)).toMatchObject({
      state: 'BATCH_STATE_EXPIRED',
      counts: { completed: 4, failed: 6 },
      cost: { usd: '0.0000081' },
    });
  });

  it('ends at its own completion window', async () => {
    const { client, stub } = await startBatches({ workMs: 3_600_000 });
    const made = await create(client, { completionWindow: { seconds: 1 } }, OF_TEN);
    expect((await results(client, made.id)).every(({ error }) => error?.code === 4)).toBe(true);
    expect((await get(client, made.id)).state).toBe('BATCH_STATE_EXPIRED');
    expect([...stub.batches.batches.values()][0]).toHaveProperty('cancelledAt');
  });

  it('keeps what was done when it is cancelled', async () => {
    const { client, stub } = await startBatches({ workMs: 3_600_000, cancelMs: 20 });
    const made = await create(client, {}, OF_TEN);
    while (stub.batches.batches.size === 0) await sleep(5);
    const { batch } = await client.batch.unary('CancelBatch', { batchId: made.id });
    expect(batch).toMatchObject({ state: 'BATCH_STATE_CANCELLING' });
    const found = await results(client, made.id);
    expect(found).toHaveLength(10);
    expect(found.every(({ error }) => error?.code === 1)).toBe(true);
    expect((await get(client, made.id)).state).toBe('BATCH_STATE_CANCELLED');
    // A batch that has ended stays as it is.
    await client.batch.unary('CancelBatch', { batchId: made.id });
    expect((await get(client, made.id)).state).toBe('BATCH_STATE_CANCELLED');
  });

  it('waits for tokens, and sends less where it would wait for ever', async () => {
    const { client, stub } = await startBatches({ enqueuedTokens: 300, workMs: 20 });
    const made = await create(client, {}, OF_TEN);
    expect(await results(client, made.id)).toHaveLength(10);
    expect((await get(client, made.id)).state).toBe('BATCH_STATE_COMPLETED');
    expect([...stub.batches.worked.values()]).toEqual(Array(10).fill(1));
  });

  it('leaves out what the upstream finds wrong with a file, and sends the rest', async () => {
    const { client, stub } = await startBatches();
    stub.batches.set({ refuseLine: ({ custom_id }) => custom_id === 'item-5' });
    const made = await create(client, {}, OF_TEN);
    const found = await results(client, made.id);
    expect(found.filter(({ error }) => error).map(({ customId }) => customId)).toEqual(['item-5']);
    expect(await get(client, made.id)).toMatchObject({ counts: { completed: 9, failed: 1 } });
  });
});

const UNCLEAR: Readonly<Record<string, readonly [method: string, path: RegExp]>> = {
  'an upload': ['POST', /^\/v1\/files$/],
  'a creation': ['POST', /^\/v1\/batches$/],
  'a poll': ['GET', /^\/v1\/batches\/./],
  'a file of results': ['GET', /content$/],
  'a deletion': ['DELETE', /^\/v1\/files/],
};

describe.each(Object.entries(UNCLEAR))('%s', (_name, [method, path]) => {
  it.each<readonly [string, BatchFault]>([
    ['is not heard of', 'forget'],
    ['is broken off', 'refuse'],
    ['is answered with 503', { status: 503 }],
    ['is answered with 429', { status: 429, code: 'rate_limit_exceeded' }],
  ])('that %s is done once all the same', async (_how, fault) => {
    const { client, stub } = await startBatches({
      fault: firstTimes(2, method, path, fault),
      visibleAfterMs: 40,
    });
    const made = await create(client, {}, OF_TEN);
    expect(await results(client, made.id)).toHaveLength(10);
    expect(await get(client, made.id)).toMatchObject({ state: 'BATCH_STATE_COMPLETED' });
    expect([...stub.batches.worked.values()]).toEqual(Array(10).fill(1));
    expect([...stub.batches.files.values()]).toEqual([]);
  });
});

it('a batch that the upstream refuses for good has failed', async () => {
  const { client } = await startBatches({
    fault: (method, path) =>
      method === 'POST' && path === '/v1/batches'
        ? { status: 400, code: 'invalid_value', message: 'No.' }
        : undefined,
  });
  const made = await create(client, {}, OF_TEN);
  const found = await results(client, made.id);
  expect(found[0]?.error).toMatchObject({ code: 3 });
  expect((await get(client, made.id)).state).toBe('BATCH_STATE_FAILED');
});

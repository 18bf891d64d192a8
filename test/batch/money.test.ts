import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import {
  create,
  get,
  ids,
  item,
  results,
  startBatches,
  type WireBatch,
} from './running-batches.ts';

const TEN = ids(10).map((id) => item(id));

interface WireBudget {
  readonly name: string;
  readonly spent: { readonly nanos: number };
  readonly reserved: { readonly nanos: number };
}

async function budgets(client: Parameters<typeof get>[0]): Promise<readonly WireBudget[]> {
  const answer = await client.usage.unary('GetBudgets', {});
  return answer.budgets as WireBudget[];
}

const BUDGET = (limit: string) =>
  `budgets: [{name: all, scope: all, period: total, limit: "${limit}"}]`;

it('what a part can cost is reserved while it is at the upstream, and what it cost is booked', async () => {
  const { client, stub } = await startBatches(
    { workMs: 3_600_000 },
    { yaml: BUDGET('1'), own: true },
  );
  const made = await create(client, {}, TEN);
  while (stub.batches.batches.size === 0) await get(client, made.id);
  const [reserved] = await budgets(client);
  // 10 answers of 100 tokens at 0.3 dollars per million, and at most as many for the prompts.
  expect(reserved?.reserved.nanos).toBeGreaterThanOrEqual(300_000);
  expect(reserved?.reserved.nanos).toBeLessThan(400_000);
  expect(reserved?.spent.nanos).toBe(0);
  stub.batches.set({});
  await results(client, made.id);
  expect(await budgets(client)).toMatchObject([
    { spent: { nanos: 20_250 }, reserved: { nanos: 0 } },
  ]);
});

it('a restart holds again what was reserved, and goes on', async () => {
  const running = await startBatches({ workMs: 3_600_000 }, { yaml: BUDGET('1'), own: true });
  const made = await create(running.client, { idempotencyKey: 'k' }, TEN);
  while (running.stub.batches.batches.size === 0) await get(running.client, made.id);
  const [before] = await budgets(running.client);
  const client = await running.restart();
  expect((await create(client, { idempotencyKey: 'k' }, TEN)).id).toBe(made.id);
  const [after] = await budgets(client);
  expect(after?.reserved).toEqual(before?.reserved);
  running.stub.batches.set({});
  expect(await results(client, made.id)).toHaveLength(10);
  expect(await budgets(client)).toMatchObject([
    { spent: { nanos: 20_250 }, reserved: { nanos: 0 } },
  ]);
  expect(running.stub.batches.batches.size).toBe(1);
});

it('items that a budget does not cover fail, and the others are sent', async () => {
  const yaml = 'budgets: [{name: poor, scope: user, match: poor, period: total, limit: "0.00001"}]';
  const { client, stub } = await startBatches({}, { yaml });
  const metadata = { user_id: 'poor' };
  const made = await create(client, {}, [item('a'), item('b', { metadata }), item('c')]);
  const found = new Map((await results(client, made.id)).map((one) => [one.customId, one]));
  expect(found.get('b')?.error).toMatchObject({ code: 8 });
  expect([...stub.batches.worked.keys()].sort()).toEqual(['a', 'c']);
  expect(await get(client, made.id)).toMatchObject({ state: 'BATCH_STATE_PARTIAL' });
});

it('items of several spenders that a budget does not cover together do not wait for each other', async () => {
  // Each of them can cost 34.725 millionths of a dollar.
  const { client, stub } = await startBatches({}, { yaml: BUDGET('0.0001'), own: true });
  const items = ids(6).map((id) => item(id, { metadata: { user_id: id } }));
  const made = await create(client, {}, items);
  const found = await results(client, made.id);
  const refused = found.filter(({ error }) => error !== undefined);
  expect(refused.map(({ error }) => error?.code)).toEqual([8, 8, 8, 8]);
  expect(stub.batches.worked.size).toBe(2);
  expect(await budgets(client)).toMatchObject([{ reserved: { nanos: 0 } }]);
});

it('parts that wait for each other’s money hold up neither calls nor each other for ever', async () => {
  const yaml =
    'budgets: [{name: projects, scope: project, match: "p*", period: total, limit: "0.00005"}]';
  const { client, stub } = await startBatches({ workMs: 3_600_000 }, { yaml, own: true });
  const of = (user: string, project: string) =>
    item(`${user}-${project}`, { metadata: { user_id: user, project_id: project } });
  const first = await create(client, {}, [of('u1', 'p1'), of('u2', 'p2')]);
  while (stub.batches.batches.size === 0) await get(client, first.id);
  const second = await create(client, {}, [of('u1', 'p2'), of('u2', 'p1')]);
  while ((await get(client, second.id)).problems.length === 0);
  const request = { messages: [{ role: 'ROLE_USER', content: 'Hi' }], maxTokens: 10 };
  const metadata = { user_id: 'u3', project_id: 'p1' };
  await client.provider.unary('SendMessageSync', { request: { ...request, metadata } });
  stub.batches.set({});
  await results(client, first.id);
  expect(await results(client, second.id)).toHaveLength(2);
  expect(await get(client, second.id)).toMatchObject({ state: 'BATCH_STATE_COMPLETED' });
});

describeWithRedis('while the store of its budgets is away', () => {
  it.each(['UPSTREAM', 'LOCAL'])('a batch of execution %s waits', async (execution) => {
    const redis = await RedisServer.start();
    try {
      await redis.kill();
      const yaml = `store: redis, redis: {url: '${redis.url}'}, ${BUDGET('1')}`;
      const { client } = await startBatches({}, { yaml, own: true });
      const made = await create(client, { execution: `BATCH_EXECUTION_${execution}` }, TEN);
      while ((await get(client, made.id)).problems.length === 0) await sleep(20);
      await redis.start();
      const found = await results(client, made.id);
      expect(found.filter(({ error }) => error !== undefined)).toEqual([]);
    } finally {
      await redis.stop();
    }
  });
});

it.each([
  ['user_id', 'project_id'],
  ['userId', 'projectId'],
])(
  'items are paid by whom %s and %s of the batch name, unless they name somebody',
  async (user, project) => {
    const { client } = await startBatches({}, { own: true });
    const options = { metadata: { [user]: 'u', [project]: 'p' } };
    const made = await create(client, options, [
      item('a', { metadata: { user_id: '' } }),
      item('b', { metadata: { user_id: 'v' } }),
      item('c', { metadata: { userId: 'w', projectId: 'q' } }),
    ]);
    await results(client, made.id);
    const groupBy = ['USAGE_DIMENSION_USER', 'USAGE_DIMENSION_PROJECT'];
    const { rows } = await client.usage.unary('GetUsage', { groupBy });
    const payers = (rows as { userId: string; projectId: string }[]).map((r) => [
      r.userId,
      r.projectId,
    ]);
    expect(payers.sort()).toEqual([
      ['u', 'p'],
      ['v', 'p'],
      ['w', 'q'],
    ]);
  },
);

it('a batch that was being received is gone after a restart', async () => {
  const running = await startBatches({}, { yaml: 'drain: {gracePeriod: 100ms}', own: true });
  const { batch } = running.client;
  const never = async function* () {
    yield { options: { idempotencyKey: 'k' } };
    for (const one of TEN) yield one;
    await new Promise(() => undefined);
  };
  const sending = batch.upload('CreateBatch', never()).catch(() => undefined);
  while ((await batch.unary('ListBatches', {})) === undefined);
  const client = await running.restart();
  await sending;
  expect(await client.batch.unary('ListBatches', {})).toMatchObject({ batches: [] });
  const made: WireBatch = await create(client, { idempotencyKey: 'k' }, TEN);
  expect(await results(client, made.id)).toHaveLength(10);
});

it('a fine-tuned model is never priced as its base, of which no price in batches is declared', async () => {
  const { client } = await startBatches();
  const model = 'ft:gpt-4o-mini:acme::1';
  const made = await create(client, {}, [item('tuned', { model }), item('base')]);
  const found = new Map((await results(client, made.id)).map((one) => [one.customId, one]));
  expect(found.get('tuned')?.response?.cost).toMatchObject({ usd: '0', unpriced: true });
  expect(found.get('base')?.response?.cost).toMatchObject({ unpriced: false });
});

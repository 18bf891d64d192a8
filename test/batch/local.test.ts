import { expect, it } from '@jest/globals';
import { codeName, failureOf, statusDetail } from '../support/grpc-client.ts';
import { answer, httpError, resetAfter } from '../support/upstream/index.ts';
import { create, get, ids, item, results, startBatches } from './running-batches.ts';

const LOCAL = { execution: 'BATCH_EXECUTION_LOCAL' };

it('items are made as calls where they cannot be made otherwise', async () => {
  const { client, stub } = await startBatches({}, { batch: 'maxLocalCalls: 3', own: true });
  let running = 0;
  let most = 0;
  stub.setDefault(async (exchange) => {
    running += 1;
    most = Math.max(most, running);
    await exchange.delay(5);
    running -= 1;
    await answer({ usage: { prompt_tokens: 7, completion_tokens: 5 } })(exchange);
  });
  const made = await create(
    client,
    LOCAL,
    ids(20).map((id) => item(id)),
  );
  expect(made.execution).toBe('BATCH_EXECUTION_LOCAL');
  const found = await results(client, made.id);
  expect(found.map(({ customId }) => customId).sort()).toEqual([...ids(20)].sort());
  expect(found[0]?.response).toMatchObject({ content: 'Hello from the stub.' });
  expect(await get(client, made.id)).toMatchObject({
    state: 'BATCH_STATE_COMPLETED',
    // 7 * 0.15 + 5 * 0.6 dollars per million, twenty times.
    cost: { usd: '0.000081' },
  });
  const usage = await client.usage.unary('GetUsage', {});
  expect(usage.total).toMatchObject({ attempts: 20, cost: { usd: '0.000081' } });
  expect(most).toBe(3);
  expect(stub.batches.requests).toEqual([]);
});

it('items of an upstream that is not known to have a batch API are made as calls, unless asked for', async () => {
  const { client } = await startBatches(
    {},
    { yaml: 'targets: {other: {baseUrl: "http://127.0.0.1:9/v1"}}' },
  );
  const other = item('a', { model: 'other/llama' });
  const dry = { validateOnly: true };
  expect(await create(client, dry, [other])).toMatchObject({ execution: 'BATCH_EXECUTION_LOCAL' });
  const upstream = { ...dry, execution: 'BATCH_EXECUTION_UPSTREAM' };
  expect(await create(client, upstream, [other])).toMatchObject({ problems: [] });
});

it('an upstream without a batch API is not asked for one', async () => {
  const { client } = await startBatches({}, { yaml: 'catalogue: {}', api: 'batchApi: off' });
  const upstream = { execution: 'BATCH_EXECUTION_UPSTREAM' };
  const error = await failureOf(create(client, upstream, [item('a')]));
  expect(codeName(error)).toBe('INVALID_ARGUMENT');
  expect(statusDetail(error, 'google.rpc.BadRequest')).toMatchObject({
    fieldViolations: [{ field: 'items["a"].request.model' }],
  });
});

it('an item waits for what passes, and fails for what does not', async () => {
  const { client, stub } = await startBatches({}, { yaml: 'retryPolicy: {maxAttempts: 1}' });
  let failures = 3;
  stub.setDefault((exchange) => {
    const { messages } = exchange.request.body;
    if (String(messages?.at(-1)?.content).endsWith('item-1')) {
      return httpError(400, { message: 'Never.' })(exchange);
    }
    failures -= 1;
    return failures >= 0 ? httpError(500)(exchange) : answer()(exchange);
  });
  const made = await create(
    client,
    LOCAL,
    ids(3).map((id) => item(id)),
  );
  const found = new Map((await results(client, made.id)).map((one) => [one.customId, one]));
  expect(found.get('item-0')?.response).toBeTruthy();
  expect(found.get('item-1')?.error).toMatchObject({ code: 3 });
  expect(await get(client, made.id)).toMatchObject({
    state: 'BATCH_STATE_PARTIAL',
    counts: { completed: 2, failed: 1 },
  });
});

it.each([
  ['is answered at last', false],
  ['is cancelled', true],
])('an item that %s costs what was tried in vain, too', async (_end, isCancelled) => {
  const { client, stub } = await startBatches(
    {},
    { yaml: 'retryPolicy: {maxAttempts: 1}', own: true },
  );
  let cuts = isCancelled ? Number.POSITIVE_INFINITY : 2;
  stub.setDefault((exchange) => {
    cuts -= 1;
    return cuts >= 0 ? resetAfter(3)(exchange) : answer()(exchange);
  });
  const made = await create(client, LOCAL, [item('a')]);
  await stub.waitForRequest(2);
  if (isCancelled) await client.batch.unary('CancelBatch', { batchId: made.id });
  const [result] = await results(client, made.id);
  expect(result?.error === undefined).toBe(!isCancelled);
  const { cost, usage } = await get(client, made.id);
  const { total } = await client.usage.unary('GetUsage', {});
  expect(total).toMatchObject({ attempts: stub.requests.length, cost: { usd: cost?.usd } });
  expect(total).toMatchObject({ outputTokens: (usage as { outputTokens: number }).outputTokens });
});

it('what runs is finished when a batch is cancelled, and no more is begun', async () => {
  const { client, stub } = await startBatches({}, { batch: 'maxLocalCalls: 2', own: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  stub.setDefault(async (exchange) => {
    await promise;
    await answer()(exchange);
  });
  const made = await create(
    client,
    LOCAL,
    ids(10).map((id) => item(id)),
  );
  await stub.waitForRequest(2);
  await client.batch.unary('CancelBatch', { batchId: made.id });
  resolve();
  const found = await results(client, made.id);
  expect(found.filter(({ response }) => response)).toHaveLength(2);
  expect(await get(client, made.id)).toMatchObject({ state: 'BATCH_STATE_CANCELLED' });
  expect(stub.requests).toHaveLength(2);
});

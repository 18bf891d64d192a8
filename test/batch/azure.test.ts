import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { StoredBatch } from '../../src/simulator/batches/batch.ts';
import { codeName, failureOf, statusDetail } from '../support/grpc-client.ts';
import { API_KEY } from '../support/running-app.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { type AzureStub, startAzureStub } from './azure-stub.ts';
import {
  create,
  get,
  ids,
  item,
  type RunningBatches,
  results,
  startBatches,
} from './running-batches.ts';

let backend: StubUpstream;
let azure: AzureStub;
beforeAll(async () => {
  backend = await startStubUpstream();
  azure = await startAzureStub(backend.url, API_KEY);
});
beforeEach(() => {
  backend.batches.reset();
  Object.assign(azure, { unreadFor: 0, forget: 0 });
  azure.requests.length = 0;
  azure.batchDeployments.clear();
  azure.batchDeployments.add('mini-batch');
});
afterAll(async () => {
  await azure.close();
  await backend.close();
});

function start(base = '/openai/v1', more = ''): Promise<RunningBatches> {
  const target = `baseUrl: '${azure.origin}${base}', keys: [{environment: OPENAI_API_KEY}], keyHeader: api-key`;
  const models = 'models: {gpt-4o-mini: mini-batch}';
  return startBatches(
    {},
    { yaml: `targets: {azure: {${target}, ${models}, batchApi: on${more}}}` },
  );
}

const oldBatch = (id: string): StoredBatch => ({
  id,
  endpoint: '/v1/responses',
  inputFileId: 'file-old',
  metadata: {},
  createdAt: 0,
  date: 0,
  lines: [],
  tokens: 0,
  model: 'mini-batch',
  errors: [],
});

const items = (count: number) => ids(count).map((id) => item(id, { model: 'azure/gpt-4o-mini' }));

it('a batch is answered by a deployment for batches, at half the price', async () => {
  const { client } = await start();
  const made = await create(client, {}, items(3));
  expect(made.execution).toBe('BATCH_EXECUTION_UPSTREAM');
  expect((await results(client, made.id)).map(({ response }) => response?.content)).toEqual(
    Array(3).fill('Hello from the stub.'),
  );
  expect(await get(client, made.id)).toMatchObject({
    state: 'BATCH_STATE_COMPLETED',
    counts: { total: 3, completed: 3, failed: 0 },
    cost: { usd: '0.000006075', estimated: false },
    problems: [],
  });
  expect([...backend.batches.files.keys()]).toEqual([]);
});

it.each([
  ['gpt-4o-mini', 'POST /openai/batches 2024-10-21'],
  ['gpt-5.4', 'POST /openai/batches 2024-10-21'],
])('a batch of %s is answered below a dated version', async (model, expected) => {
  azure.batchDeployments.add('gpt-5.4');
  const { client } = await start('/openai', ', apiVersion: 2024-10-21');
  const made = await create(client, {}, [item('a', { model: `azure/${model}` })]);
  expect(await results(client, made.id)).toMatchObject([{ response: {} }]);
  expect(azure.requests).toContain(expected);
  expect(azure.requests.filter((request) => !request.endsWith(' 2024-10-21'))).toEqual([]);
});

it('a file is waited for until Azure has read it', async () => {
  azure.unreadFor = 3;
  const { client } = await start();
  const made = await create(client, {}, items(1));
  expect(await results(client, made.id)).toMatchObject([{ response: {} }]);
  expect((await get(client, made.id)).problems).toEqual([]);
  expect(
    azure.requests.filter((request) => request.startsWith('POST /openai/v1/batches')),
  ).toHaveLength(2);
});

it('a batch whose answer got lost is found by its file, since Azure may tell no metadata', async () => {
  azure.forget = 1;
  // More than a page of them: Azure's documentation does not say in which order it lists.
  for (let n = 0; n < 120; n += 1) backend.batches.batches.set(`old_${n}`, oldBatch(`old_${n}`));
  const { client } = await start();
  const made = await create(client, {}, items(2));
  expect(await results(client, made.id)).toMatchObject([{ response: {} }, { response: {} }]);
  expect(backend.batches.batches.size).toBe(121);
});

it('items fail with what Azure says of a deployment that takes no batches', async () => {
  azure.batchDeployments.clear();
  const { client } = await start();
  const made = await create(client, {}, items(2));
  for (const { error } of await results(client, made.id)) {
    expect(error?.message).toContain('The deployment SKU of mini-batch is invalid.');
  }
  expect(await get(client, made.id)).toMatchObject({
    state: 'BATCH_STATE_FAILED',
  });
});

it('a base URL that names a deployment has no batches', async () => {
  const { client } = await start('/openai/deployments/mini', ', apiVersion: 2024-10-21');
  const asked = { execution: 'BATCH_EXECUTION_UPSTREAM' };
  const error = await failureOf(create(client, asked, items(1)));
  expect(codeName(error)).toBe('INVALID_ARGUMENT');
  expect(statusDetail(error, 'google.rpc.ErrorInfo')).toMatchObject({
    reason: 'UNSUPPORTED_PARAMETER',
  });
  expect(azure.requests).toEqual([]);
});

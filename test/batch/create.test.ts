import { describe, expect, it } from '@jest/globals';
import { codeName, failureOf, statusDetail, type WireMessage } from '../support/grpc-client.ts';
import { startApp } from '../support/running-app.ts';
import {
  create,
  get,
  ids,
  item,
  results,
  startBatches,
  type WireBatch,
} from './running-batches.ts';

interface Violations extends WireMessage {
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
}

async function violationsOf(call: Promise<unknown>) {
  const error = await failureOf(call);
  const { fieldViolations } = statusDetail(error, 'google.rpc.BadRequest') as unknown as Violations;
  return {
    code: codeName(error),
    message: error.details,
    fields: fieldViolations.map((v) => v.field),
  };
}

const TEN = ids(10).map((id) => item(id));

const BAD = [
  item('good'),
  item('a', { temperature: 9 }),
  item('b', { model: 'gpt-unheard-of' }),
  item('c', { messages: [] }),
  item('d', { toolChoice: { mode: 77 } }),
  item('good'),
  item('x'.repeat(65)),
  item(''),
];

const BAD_FIELDS = [
  'items["a"].request.temperature',
  'items["b"].request.model',
  'items["c"].request.messages',
  'items["d"].request.tool_choice.mode',
  `items["${'x'.repeat(65)}"].custom_id`,
  'items[7].custom_id',
  'items["good"].custom_id',
];

const KNOWN_ONLY = { yaml: 'catalogue: { unknownModels: refuse }' };
/** Its batches are counted. */
const OWN = { own: true } as const;

describe('a batch with bad items', () => {
  it('is refused with the paths of all of them, and nothing is sent or kept', async () => {
    const { client, stub } = await startBatches({}, KNOWN_ONLY);
    const { code, fields } = await violationsOf(create(client, {}, BAD));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(fields).toEqual(BAD_FIELDS);
    expect(stub.batches.requests).toEqual([]);
    expect(await client.batch.unary('ListBatches')).toMatchObject({ batches: [] });
  });

  it('tells as many as fit, and how many there are', async () => {
    const { client } = await startBatches();
    const bad = ids(500).map((id) => item(id, { temperature: 9 }));
    const { message, fields } = await violationsOf(create(client, {}, bad));
    expect(message).toMatch(/\(and 499 more\)/);
    expect(fields.length).toBeGreaterThan(10);
    expect(fields.length).toBeLessThan(100);
  });

  it('tells all of them after a dry run, which keeps nothing', async () => {
    const { client, stub } = await startBatches({}, KNOWN_ONLY);
    const dry = { validateOnly: true, idempotencyKey: 'k' };
    const batch = await create(client, dry, BAD);
    expect(batch).toMatchObject({ id: '', state: 'BATCH_STATE_UNSPECIFIED', counts: { total: 8 } });
    expect(batch.problems.map((sentence) => sentence.split(' ')[0])).toEqual(BAD_FIELDS);
    const good = await create(client, dry, TEN);
    expect(good).toMatchObject({ problems: [], execution: 'BATCH_EXECUTION_UPSTREAM' });
    expect(stub.batches.requests).toEqual([]);
    expect(await client.batch.unary('ListBatches')).toMatchObject({ batches: [] });
  });

  it.each<readonly [string, object, readonly WireMessage[], readonly string[]]>([
    [
      'its options',
      {
        displayName: 'x'.repeat(129),
        idempotencyKey: 'with space',
        execution: 9,
        completionWindow: { seconds: 0 },
        maxCost: { currencyCode: 'EUR', units: 1 },
        metadata: { '': 'x' },
      },
      TEN,
      [
        'options.execution',
        'options.max_cost',
        'options.display_name',
        'options.idempotency_key',
        'options.completion_window',
        'options.metadata',
      ],
    ],
    ['having none', {}, [], ['item']],
    ['further options', {}, [item('a'), { options: {} }], ['item']],
    ['an empty message', {}, [item('a'), {}], ['item']],
  ])('is refused for %s', async (_what, options, items, expected) => {
    const { client } = await startBatches();
    expect((await violationsOf(create(client, options, items))).fields).toEqual(expected);
  });

  it('is refused without options', async () => {
    const { client } = await startBatches();
    const { fields } = await violationsOf(client.batch.upload('CreateBatch', [item('a')]));
    expect(fields).toEqual(['options']);
    expect((await violationsOf(client.batch.upload('CreateBatch', []))).fields).toEqual([
      'options',
    ]);
  });

  it('is refused beyond the most items', async () => {
    const { client } = await startBatches({}, { batch: 'maxItems: 9' });
    expect((await violationsOf(create(client, {}, TEN))).fields).toEqual(['item']);
  });
});

describe('an idempotency key', () => {
  it('gives the same batch again, to whoever asks at the same time too', async () => {
    const { client, stub } = await startBatches({}, OWN);
    const options = { idempotencyKey: 'one' };
    const made = await Promise.all([create(client, options, TEN), create(client, options, TEN)]);
    const again = await create(client, options, [item('other')]);
    expect(new Set([...made, again].map(({ id }) => id)).size).toBe(1);
    await results(client, again.id);
    expect(stub.batches.batches.size).toBe(1);
  });

  it('is free again when its batch was refused', async () => {
    const { client } = await startBatches();
    const options = { idempotencyKey: 'two' };
    const outcomes = await Promise.allSettled([
      create(client, options, [item('a', { temperature: 9 })]),
      create(client, options, TEN),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});

describe('whose batch it is', () => {
  const MINE = { project_id: 'mine' };
  const OTHER = { project_id: 'other' };

  it('is its project, and others do not find it', async () => {
    const { client } = await startBatches({}, OWN);
    const { batch } = client;
    const made = await create(client, {}, TEN, MINE);
    const named = await create(client, { metadata: MINE }, TEN);
    for (const batchId of [made.id, named.id]) {
      await batch.unary('GetBatch', { batchId }, { metadata: MINE });
      await batch.unary('GetBatch', { batchId });
      for (const method of ['GetBatch', 'CancelBatch']) {
        const error = await failureOf(batch.unary(method, { batchId }, { metadata: OTHER }));
        expect(codeName(error)).toBe('NOT_FOUND');
        expect(statusDetail(error, 'google.rpc.ErrorInfo')).toMatchObject({
          reason: 'BATCH_NOT_FOUND',
        });
      }
    }
    const listed = async (metadata: typeof MINE) =>
      ((await batch.unary('ListBatches', {}, { metadata })).batches as WireBatch[]).length;
    expect(await Promise.all([listed(MINE), listed(OTHER)])).toEqual([2, 0]);
  });

  it('is not known if there never was one', async () => {
    const { client } = await startBatches();
    expect(codeName(await failureOf(get(client, 'batch-none')))).toBe('NOT_FOUND');
    await expect(results(client, 'batch-none')).rejects.toThrow(/no such batch/);
    expect((await violationsOf(get(client, ''))).fields).toEqual(['batch_id']);
  });
});

it('batches are listed in pages, newest first, by state', async () => {
  const { client } = await startBatches({}, OWN);
  const made: string[] = [];
  for (let n = 0; n < 5; n += 1) made.unshift((await create(client, {}, [item('a')])).id);
  for (const id of made) await results(client, id);
  const listed: string[] = [];
  let pageToken = '';
  do {
    const page = await client.batch.unary('ListBatches', { pageSize: 2, pageToken });
    listed.push(...(page.batches as WireBatch[]).map(({ id }) => id));
    pageToken = String(page.nextPageToken);
  } while (pageToken !== '');
  expect(listed).toEqual(made);
  const state = 'BATCH_STATE_FAILED';
  expect(await client.batch.unary('ListBatches', { state })).toMatchObject({ batches: [] });
  const bad = { pageSize: 1_001, pageToken: 'none' };
  expect((await violationsOf(client.batch.unary('ListBatches', bad))).fields).toEqual([
    'page_size',
  ]);
  const { nextPageToken } = await client.batch.unary('ListBatches', { pageSize: 1 });
  const ofOthers = { pageToken: nextPageToken, state };
  for (const token of [{ pageToken: 'none' }, ofOthers]) {
    expect((await violationsOf(client.batch.unary('ListBatches', token))).fields).toEqual([
      'page_token',
    ]);
  }
});

it('results go on behind a sequence', async () => {
  const { client } = await startBatches();
  const { id } = await create(client, {}, TEN);
  const all = await results(client, id);
  expect(await results(client, id, 7)).toEqual(all.slice(7));
  expect(await results(client, id, 10)).toEqual([]);
  const bad = client.batch.stream('StreamBatchResults', { batchId: id, afterSequence: -1 });
  await expect(new Promise((_, reject) => bad.on('error', reject).resume())).rejects.toThrow(
    /after_sequence/,
  );
});

it('a batch that could cost more than its limit is refused', async () => {
  const { client } = await startBatches();
  // 10 answers of 100 tokens at 0.3 dollars per million, and prompts.
  const maxCost = { currencyCode: 'USD', nanos: 300_000 };
  const error = await failureOf(create(client, { maxCost }, TEN));
  expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
  expect(error.details).toMatch(/max_cost of 0\.0003 USD/);
  await create(client, { maxCost: { ...maxCost, nanos: 400_000 } }, TEN);
});

it('there are none without a data directory', async () => {
  const app = await startApp();
  const error = await failureOf(create(app.client, {}, TEN));
  expect(codeName(error)).toBe('PERMISSION_DENIED');
  expect(error.details).toMatch(/dataDir/);
  await app.stop();
});

it('a large batch is taken as it comes, and its sender held back', async () => {
  const { client } = await startBatches({}, { yaml: 'overload: { maxRequestShare: 0.0001 }' });
  const content = 'word '.repeat(20_000);
  const large = ids(40).map((id) => item(id, { messages: [{ role: 'ROLE_USER', content }] }));
  const made = await create(client, {}, large);
  expect(await results(client, made.id)).toHaveLength(40);
});

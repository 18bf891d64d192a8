import { describe, expect, it } from '@jest/globals';
import type { BatchFault, LineOutcome } from '../support/upstream/index.ts';
import { create, get, ids, item, results, startBatches } from './running-batches.ts';

/** Batches at an upstream that answers as few should, and some do. */

const THREE = ids(3).map((id) => item(id));

const HTML = '<html><body>Bad gateway</body></html>';

const line = (custom_id: string, more: object): string =>
  `${JSON.stringify({ id: 'b', custom_id, error: null, ...more })}\n`;

const response = (body: unknown, status_code = 200) => ({ response: { status_code, body } });

const answer = (content: string, more: object = {}) => ({
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
  ...more,
});

/** What becomes of item-1; the others are answered. */
async function oneOf(outcome: LineOutcome) {
  const { client } = await startBatches({
    outcome: ({ custom_id }) => (custom_id === 'item-1' ? outcome : { answer: {} }),
  });
  const { id } = await create(client, {}, THREE);
  const found = await results(client, id);
  expect(found.map(({ customId }) => customId).sort()).toEqual([...ids(3)].sort());
  const batch = await get(client, id);
  return { batch, result: found.find(({ customId }) => customId === 'item-1') };
}

describe('a line of results', () => {
  it.each<[string, LineOutcome, string]>([
    ['ends with CR LF', { line: `${line('item-1', response(answer('Hi'))).trimEnd()}\r\n` }, 'Hi'],
    ['begins with a mark', { line: `\uFEFF${line('item-1', response(answer('Hi')))}` }, 'Hi'],
    [
      'comes twice',
      { line: line('item-1', response(answer('1'))) + line('item-1', response(answer('2'))) },
      '1',
    ],
    [
      'stands behind one of nobody',
      { line: line('nobody', response(answer('?'))) + line('item-1', response(answer('Hi'))) },
      'Hi',
    ],
    [
      'stands behind one that is no JSON',
      { line: `${HTML}\n{"custom_id"\n${line('item-1', response(answer('Hi')))}` },
      'Hi',
    ],
  ])('that %s is the answer', async (_how, outcome, content) => {
    const { batch, result } = await oneOf(outcome);
    expect(result?.response?.content).toBe(content);
    expect(batch).toMatchObject({ state: 'BATCH_STATE_COMPLETED', counts: { completed: 3 } });
  });

  it.each<[string, LineOutcome, number]>([
    ['is cut off', { line: `${line('item-1', response(answer('Hi'))).slice(0, 60)}\n` }, 2],
    ['names another', { line: line('nobody', response(answer('Hi'))) }, 2],
    ['has no body', { line: line('item-1', response(null)) }, 14],
    ['has a text as its body', { line: line('item-1', response('Hi')) }, 14],
    ['has neither response nor error', { line: line('item-1', { response: null }) }, 2],
    ['is a 500 among the answers', { line: line('item-1', response({ error: {} }, 500)) }, 14],
    ['is a 429', { status: 429, error: { code: 'rate_limit_exceeded' } }, 8],
    [
      'is an error beside a response',
      { line: line('item-1', { ...response(answer('Hi')), error: { code: 'x', message: 'No.' } }) },
      2,
    ],
  ])('that %s is the failure of that item alone', async (_how, outcome, code) => {
    const { batch, result } = await oneOf(outcome);
    expect(result?.error?.code).toBe(code);
    expect(batch).toMatchObject({
      state: 'BATCH_STATE_PARTIAL',
      counts: { completed: 2, failed: 1 },
    });
  });

  /** At 75 and 300 nano-dollars, as the two others, which cost 2,025 each. */
  it.each<[string, LineOutcome, { readonly nanos: number; readonly estimated: boolean }]>([
    [
      'that failed costs what it says that it used',
      { line: line('item-1', response({ error: {}, usage: answer('').usage }, 500)) },
      { nanos: 3 * 2_025, estimated: false },
    ],
    [
      'whose output is counted as 0 costs what was written',
      {
        body: answer('Hello there', {
          usage: { prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 },
        }),
      },
      { nanos: 2 * 2_025 + 7 * 75 + 3 * 300, estimated: true },
    ],
    [
      'that is cut off costs a usual answer, or as much as was asked for',
      { line: `${line('item-1', response(answer('Hi'))).slice(0, 60)}\n` },
      { nanos: 2 * 2_025 + 8 * 75 + 100 * 300, estimated: true },
    ],
    ['that is of nobody costs nothing', 'lost', { nanos: 2 * 2_025, estimated: false }],
  ])('%s', async (_how, outcome, { nanos, estimated }) => {
    const { batch } = await oneOf(outcome);
    expect(batch.cost).toMatchObject({ total: { nanos }, estimated });
  });

  it('without usage is estimated, and says so', async () => {
    const { batch, result } = await oneOf({ body: answer('Hello there', { usage: null }) });
    expect(result?.response).toMatchObject({ usage: { estimated: true } });
    expect(batch.cost?.estimated).toBe(true);
  });
});

/** The first so many requests of a kind, or all. */
function faults(method: string, path: RegExp, fault: BatchFault, count = 2) {
  let left = count;
  return (asked: string, url: string) => {
    if (asked !== method || !path.test(url) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

const KINDS = {
  poll: ['GET', /^\/v1\/batches\/./],
  'file of results': ['GET', /content$/],
} as const;

describe.each(Object.entries(KINDS))('a %s', (_name, [method, path]) => {
  it.each<[string, BatchFault]>([
    ['404', { status: 404, message: 'No such thing' }],
    ['403', { status: 403, message: 'No.' }],
    ['401', { status: 401, code: 'invalid_api_key' }],
    ['400', { status: 400, text: HTML }],
    ['500 and HTML', { status: 500, text: HTML }],
    ['429 and no quota', { status: 429, code: 'insufficient_quota' }],
  ])('that is answered with %s for a while is tried again', async (_how, fault) => {
    const behaviour = { fault: faults(method, path, fault) };
    const { client, stub } = await startBatches(behaviour, { batch: 'lookFor: 1m' });
    const { id } = await create(client, {}, THREE);
    await results(client, id);
    const { state, problems } = await get(client, id);
    expect(state).toBe('BATCH_STATE_COMPLETED');
    expect(problems).toHaveLength(1);
    expect([...stub.batches.worked.values()]).toEqual([1, 1, 1]);
  });

  it('that is not found any more ends the batch, and says so', async () => {
    const gone = { status: 404, message: 'No such thing' };
    const { client } = await startBatches({ fault: faults(method, path, gone, 10_000) });
    const { id } = await create(client, {}, THREE);
    expect((await results(client, id)).every(({ error }) => error)).toBe(true);
    const { state, problems } = await get(client, id);
    expect(state).toBe('BATCH_STATE_FAILED');
    expect(problems.length).toBeGreaterThan(0);
  });
});

it('answers behind the point where their file is cut off are paid for, as estimates', async () => {
  const cut = `${line('item-1', response(answer('Hi'))).slice(0, 60)}\n`;
  const { client } = await startBatches({
    outcome: ({ custom_id }) =>
      custom_id === 'item-0' ? { answer: {} } : { line: custom_id === 'item-1' ? cut : '' },
  });
  const { id } = await create(client, {}, THREE);
  await results(client, id);
  expect(await get(client, id)).toMatchObject({
    counts: { completed: 1, failed: 2 },
    cost: { total: { nanos: 2_025 + 2 * (8 * 75 + 100 * 300) }, estimated: true },
  });
});

it('of what the upstream counts as answered it is paid once what was read, and what was not', async () => {
  const cut = `${line('item-1', response(answer('Hi'))).slice(0, 60)}\n`;
  const { client } = await startBatches({
    outcome: ({ custom_id }) =>
      custom_id === 'item-0' ? { answer: {} } : custom_id === 'item-1' ? { line: cut } : 'lost',
  });
  const { id } = await create(
    client,
    {},
    ids(5).map((one) => item(one)),
  );
  await results(client, id);
  expect(await get(client, id)).toMatchObject({
    counts: { completed: 1, failed: 4 },
    cost: { total: { nanos: 2_025 + 8 * 75 + 100 * 300 }, estimated: true },
  });
});

it('answers whose file is not found any more are paid for, as estimates', async () => {
  const gone = { status: 404, message: 'No such thing' };
  const { client } = await startBatches({ fault: faults('GET', /content$/, gone, 10_000) });
  const { id } = await create(client, {}, THREE);
  await results(client, id);
  expect(await get(client, id)).toMatchObject({
    counts: { failed: 3 },
    cost: { total: { nanos: 3 * (8 * 75 + 100 * 300) }, estimated: true },
  });
});

it.each([
  ['completed', 1, 3],
  ['expired', 0.7, 2],
])(
  'answers whose file is never named are paid for where a batch has %s',
  async (_how, expireAfter, answered) => {
    const { client } = await startBatches({ filesAfterMs: 3_600_000, expireAfter });
    const { id } = await create(client, {}, THREE);
    await results(client, id);
    expect(await get(client, id)).toMatchObject({
      counts: { failed: 3 },
      cost: { total: { nanos: answered * (8 * 75 + 100 * 300) }, estimated: true },
      problems: [expect.stringMatching(/names no file/)],
    });
  },
);

it.each([
  ['uploaded', /^\/v1\/files$/],
  ['created', /^\/v1\/batches$/],
])('what is %s and gets no name is done three times at most', async (_what, path) => {
  let asked = 0;
  const fault = (method: string, url: string) => {
    if (method !== 'POST' || !path.test(url)) return undefined;
    asked += 1;
    return { status: 200, text: '{"job":{"status":"VALIDATING"}}' };
  };
  const { client } = await startBatches({ fault });
  const { id } = await create(client, {}, THREE);
  const [first] = await results(client, id);
  expect(first?.error?.message).toMatch(/names no id/);
  expect(asked).toBe(3);
});

it.each([
  ['an upload', 'POST', /^\/v1\/files$/],
  ['a creation', 'POST', /^\/v1\/batches$/],
  ['a poll', 'GET', /^\/v1\/batches\/./],
] as const)('%s whose answer is a page of HTML is done once', async (_what, method, path) => {
  const page = { status: 200, text: HTML };
  const { client, stub } = await startBatches({ fault: faults(method, path, page, 1) });
  const { id } = await create(client, {}, THREE);
  expect(await results(client, id)).toHaveLength(3);
  expect(await get(client, id)).toMatchObject({ state: 'BATCH_STATE_COMPLETED' });
  expect([...stub.batches.worked.values()]).toEqual([1, 1, 1]);
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type StubUpstream, startStubUpstream } from '../../support/upstream/index.ts';
import { readAll, send } from '../../support-tests/post-chat.ts';

const CREATED = Date.UTC(2026, 0, 1);
const CHAT = '/v1/chat/completions';

let stub: StubUpstream;
let now: number;
beforeEach(async () => {
  now = CREATED;
  stub = await startStubUpstream({ now: () => now });
});
afterEach(() => stub.close());

const line = (custom_id: string, more: object = {}) => ({
  custom_id,
  method: 'POST',
  url: CHAT,
  body: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], ...more },
});

async function call(method: string, path: string, body?: object) {
  const sent = body === undefined ? '' : JSON.stringify(body);
  const { status, text } = await readAll(await send(method, `${stub.url}${path}`, sent));
  return { status, text, json: JSON.parse(text) };
}

/** A text is a line as it stands. */
async function upload(lines: readonly (object | string)[]): Promise<string> {
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set(
    'file',
    new Blob(lines.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`)),
    'in.jsonl',
  );
  const answered = await fetch(`${stub.url}/files`, { method: 'POST', body });
  return ((await answered.json()) as { id: string }).id;
}

async function create(lines: readonly (object | string)[], more: object = {}) {
  const input_file_id = await upload(lines);
  const order = { input_file_id, endpoint: CHAT, completion_window: '24h', ...more };
  return (await call('POST', '/batches', order)).json;
}

const statusOf = async (id: string): Promise<string> =>
  (await call('GET', `/batches/${id}`)).json.status;

const content = async (id: string): Promise<string> =>
  (await readAll(await send('GET', `${stub.url}/files/${id}/content`))).text;

describe('files', () => {
  it('are told of, read and deleted', async () => {
    const id = await upload([line('a')]);
    expect((await call('GET', `/files/${id}`)).json).toEqual({
      id,
      object: 'file',
      bytes: JSON.stringify(line('a')).length + 1,
      created_at: CREATED / 1_000,
      filename: 'in.jsonl',
      purpose: 'batch',
      status: 'processed',
    });
    expect(await content(id)).toBe(`${JSON.stringify(line('a'))}\n`);
    expect((await call('DELETE', `/files/${id}`)).json).toMatchObject({ id, deleted: true });
    expect((await call('GET', '/files')).json.data).toEqual([]);
  });

  it.each([
    ['GET', '/files/file-9', 'No such files: file-9'],
    ['GET', '/files/file-9/content', 'No such files: file-9'],
    ['DELETE', '/files/file-9', 'No such files: file-9'],
    ['GET', '/batches/batch_9', 'No such batches: batch_9'],
    ['POST', '/batches/batch_9/cancel', 'No such batches: batch_9'],
    ['PUT', '/batches', 'No such batches: '],
  ])('and batches that are not there: %s %s', async (method, path, message) => {
    const { status, json } = await call(method, path);
    expect([status, json.error.message]).toEqual([404, message]);
  });

  const part = (head: string, text: string) =>
    `--x\r\ncontent-disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  const file = part('name="file"; filename="a.jsonl"', '{}');
  it.each([
    ['no form', {}, '{}'],
    ['a form without a boundary', { 'content-type': 'multipart/form-data' }, file],
    ['no purpose', { 'content-type': 'multipart/form-data; boundary=x' }, `${file}--x--`],
    [
      'another purpose',
      { 'content-type': 'multipart/form-data; boundary=x' },
      `${file}${part('name="purpose"', 'vision')}--x--`,
    ],
    [
      'a purpose without its name',
      { 'content-type': 'multipart/form-data; boundary=x' },
      `${file}${part('', 'batch')}--x--`,
    ],
    [
      'no file',
      { 'content-type': 'multipart/form-data; boundary=x' },
      `${part('name="purpose"', 'batch')}--x--`,
    ],
    [
      'a form that breaks off',
      { 'content-type': 'multipart/form-data; boundary=x' },
      `${part('name="purpose"', 'batch')}${file}`,
    ],
  ])('are not made of %s', async (_, headers, body) => {
    const { status, text } = await readAll(await send('POST', `${stub.url}/files`, body, headers));
    const { message } = JSON.parse(text).error;
    expect([status, message]).toEqual([400, 'a file and a purpose are required']);
    expect(stub.batches.files.size).toBe(0);
  });
});

describe('a batch', () => {
  it.each([
    ['no such file', { input_file_id: 'file-9' }],
    ['another window', { completion_window: '1h' }],
  ])('is refused for %s', async (_, more) => {
    const { error } = await create([line('a')], more);
    expect(error.message).toBe('no such file, or no such window');
    expect(stub.batches.batches.size).toBe(0);
  });

  it.each([
    ['an id twice', [line('a'), line('a')], { code: 'duplicate_custom_id', line: 2 }],
    [
      'a line for another endpoint',
      [{ ...line('a'), url: '/v1/responses' }],
      { code: 'mismatched_url', line: 1 },
    ],
    [
      'another model',
      [line('a'), line('b', { model: 'gpt-5.4' })],
      { code: 'mismatched_model', line: 2 },
    ],
    ['a stream', [line('a', { stream: true })], { code: 'invalid_stream', line: 1 }],
    ['what it was told to refuse', [line('wrong')], { code: 'invalid_request', line: 1 }],
    [
      'more requests than it takes',
      ['a', 'b', 'c', 'd'].map((id) => line(id)),
      { code: 'too_many_tasks', line: null },
    ],
  ])('fails whole for %s', async (_, lines, problem) => {
    stub.batches.set({ maxRequests: 3, refuseLine: ({ custom_id }) => custom_id === 'wrong' });
    const batch = await create(lines);
    expect(batch.status).toBe('failed');
    expect(batch.errors.data).toEqual([expect.objectContaining(problem)]);
    expect([batch.output_file_id, stub.batches.worked.size]).toEqual([null, 0]);
  });

  it.each(['{"custom_id":', 'null', '[]', '{}', '{"custom_id":"a"}', '{"custom_id":1,"body":{}}'])(
    'fails where a line of its file is no request: %s',
    async (bad) => {
      const { status, errors } = await create([line('a'), bad]);
      expect(status).toBe('failed');
      expect(errors.data).toMatchObject([{ code: 'invalid_json_line', line: 2 }]);
    },
  );

  it('fails where others of its model hold the tokens, until they are done', async () => {
    stub.batches.set({ enqueuedTokens: 60, workMs: 1_000 });
    expect((await create([line('a')])).status).toBe('in_progress');
    const { status, errors } = await create([line('b')]);
    expect([status, errors.data[0].code]).toEqual(['failed', 'token_limit_exceeded']);
    expect(errors.data[0].message).toContain('Limit: 60 enqueued tokens');
    expect((await create([line('c', { model: 'gpt-5.4' })])).status).toBe('in_progress');
    now += 1_000;
    expect((await create([line('d')])).status).toBe('in_progress');
  });

  it('has a metadata of its own, and none if none was given', async () => {
    expect(await create([line('a')], { metadata: { for: 'me' } })).toMatchObject({
      metadata: { for: 'me' },
    });
    expect(await create([line('a')])).toMatchObject({ metadata: {} });
  });

  it('goes its way by the clock', async () => {
    stub.batches.set({ validateMs: 10, workMs: 100 });
    const { id, status } = await create([line('a')]);
    const seen = [status];
    for (const ms of [10, 100, 1_000]) {
      now += ms;
      seen.push(await statusOf(id));
    }
    expect(seen).toEqual(['validating', 'in_progress', 'completed', 'completed']);
    expect(stub.batches.worked.get('a')).toBe(1);
  });

  it.each([
    ['before it began', 5, 0],
    ['half way', 60, 2],
    ['at its end', 109, 3],
  ])('is cancelled %s, with the results that it had', async (_, afterMs, completed) => {
    stub.batches.set({ validateMs: 10, workMs: 100, cancelMs: 20 });
    const { id } = await create(['a', 'b', 'c', 'd'].map((one) => line(one)));
    now += afterMs;
    const cancel = () => call('POST', `/batches/${id}/cancel`);
    expect((await cancel()).json.status).toMatch(/validating|cancelling/);
    now += 10;
    await cancel();
    now += 10;
    const { json } = await call('GET', `/batches/${id}`);
    expect(json).toMatchObject({ status: 'cancelled', request_counts: { total: 4, completed } });
    expect(json.error_file_id).toBeNull();
    const results = json.output_file_id === null ? '' : await content(json.output_file_id);
    expect(results.split('\n').length - 1).toBe(completed);
  });

  it('is not cancelled once it is over', async () => {
    const { id } = await create([line('a')]);
    const { json } = await call('POST', `/batches/${id}/cancel`);
    expect(json).toMatchObject({ status: 'completed', request_counts: { completed: 1 } });
  });

  it('that takes no time is cancelled with nothing done', async () => {
    stub.batches.set({ validateMs: 10 });
    const { id } = await create([line('a')]);
    await call('POST', `/batches/${id}/cancel`);
    now += 10;
    expect((await call('GET', `/batches/${id}`)).json).toMatchObject({
      status: 'cancelled',
      request_counts: { completed: 0 },
    });
  });

  it('over Responses has answers of that API', async () => {
    const url = '/v1/responses';
    const asked = { ...line('a'), url, body: { model: 'gpt-5.4', input: 'Hi' } };
    const { output_file_id } = await create([asked], { endpoint: url });
    expect(JSON.parse(await content(output_file_id)).response.body).toMatchObject({
      object: 'response',
      id: expect.stringMatching(/^resp/),
    });
  });

  it('expires, and says so of what was left', async () => {
    stub.batches.set({ expireAfter: 0.5 });
    const batch = await create([line('a'), line('b')]);
    expect(batch.status).toBe('expired');
    expect(JSON.parse(await content(batch.output_file_id)).custom_id).toBe('a');
    const left = JSON.parse(await content(batch.error_file_id));
    expect([left.custom_id, left.error.code]).toEqual(['b', 'batch_expired']);
  });

  it('has a line for what was answered or failed, and none for what was lost', async () => {
    stub.batches.set({
      outcome: ({ custom_id }) => {
        if (custom_id === 'lost') return 'lost';
        if (custom_id === 'own') return { body: { own: true } };
        return { status: 500, error: { message: 'Oh.' } };
      },
    });
    const batch = await create([line('lost'), line('own'), line('bad')]);
    const output = JSON.parse(await content(batch.output_file_id));
    expect(output).toMatchObject({ custom_id: 'own', response: { body: { own: true } } });
    const errors = JSON.parse(await content(batch.error_file_id));
    expect(errors.response).toMatchObject({
      status_code: 500,
      body: { error: { message: 'Oh.' } },
    });
  });

  it.each([
    ['one piece', 'short', 1],
    ['pieces of whole lines', 'long '.repeat(4_000), 2],
  ])('tells its results slowly, in %s', async (_, text, pieces) => {
    stub.batches.set({ paceMs: 1, outcome: () => ({ answer: { text } }) });
    const { output_file_id } = await create(Array.from({ length: pieces }, (_, n) => line(`${n}`)));
    const results = (await content(output_file_id)).trim().split('\n');
    expect(results.map((one) => JSON.parse(one).response.body.choices[0].message.content)).toEqual(
      Array(pieces).fill(text),
    );
  });
});

describe('a list', () => {
  it('has the newest first, in pages', async () => {
    const ids: string[] = [];
    for (const id of ['a', 'b', 'c']) ids.unshift((await create([line(id)])).id);
    const first = (await call('GET', '/batches?limit=2')).json;
    expect(first.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first).toMatchObject({ first_id: ids[0], last_id: ids[1], has_more: true });
    const rest = (await call('GET', `/batches?limit=2&after=${first.last_id}`)).json;
    expect(rest).toMatchObject({ first_id: ids[2], last_id: ids[2], has_more: false });
  });

  it('does not have yet what was made just now, nor ever the files of results', async () => {
    stub.batches.set({ visibleAfterMs: 100 });
    const { output_file_id } = await create([line('a')]);
    expect(output_file_id).toMatch(/^file-/);
    expect((await call('GET', '/files')).json).toMatchObject({ data: [], first_id: null });
    now += 100;
    expect((await call('GET', '/files')).json.data).toMatchObject([{ purpose: 'batch' }]);
  });
});

describe('a fault', () => {
  it.each([
    ['refuse', 0],
    ['forget', 1],
  ] as const)('that resets the connection: %s', async (fault, made) => {
    const input_file_id = await upload([line('a')]);
    stub.batches.set({ fault: (method) => (method === 'POST' ? fault : undefined) });
    const order = { input_file_id, endpoint: CHAT, completion_window: '24h' };
    await expect(call('POST', '/batches', order)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await call('GET', '/batches')).json.data).toHaveLength(made);
  });

  it('that is an error answer, until everything is forgotten', async () => {
    await create([line('a')]);
    stub.batches.set({ fault: () => ({ status: 503, code: 'busy' }) });
    const { status, json } = await call('GET', '/batches');
    expect([status, json.error.code]).toEqual([503, 'busy']);
    stub.batches.reset();
    expect((await call('GET', '/batches')).json.data).toEqual([]);
    expect(stub.batches.requests).toEqual(['GET /v1/batches']);
  });
});

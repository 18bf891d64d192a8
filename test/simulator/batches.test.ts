import { afterEach, expect, it } from '@jest/globals';
import type { Endpoint } from '../../src/simulator/endpoint.ts';
import { parseScript } from '../../src/simulator/script/load.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { readAll, send } from '../support-tests/post-chat.ts';

let simulator: Endpoint;
afterEach(() => simulator.close());

const line = (content: string, model = 'gpt-4o') => ({
  custom_id: content,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content }] },
});

async function ask(method: string, path: string, body?: object): Promise<string> {
  const sent = body === undefined ? '' : JSON.stringify(body);
  return (await readAll(await send(method, `${simulator.url}${path}`, sent))).text;
}

async function upload(lines: readonly object[]): Promise<string> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob(lines.map((one) => `${JSON.stringify(one)}\n`)), 'in.jsonl');
  const answered = await fetch(`${simulator.url}/files`, { method: 'POST', body: form });
  return ((await answered.json()) as { id: string }).id;
}

/** The whole way of a batch: everything that was answered. */
async function run(script: object, lines: readonly object[]): Promise<readonly string[]> {
  simulator = await startSimulator(parseScript(script, 'script'));
  const input_file_id = await upload(lines);
  const order = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' };
  const created = await ask('POST', '/batches', order);
  const done = await ask('GET', `/batches/${JSON.parse(created).id}`);
  const { output_file_id, error_file_id } = JSON.parse(done);
  const results = [output_file_id, error_file_id].map((id) =>
    id === null ? '' : ask('GET', `/files/${id}/content`),
  );
  return [created, done, ...(await Promise.all(results)), await ask('GET', '/batches')];
}

const script = {
  rules: [
    { when: { api: 'batch', message: 'bad' }, fault: 400 },
    { when: { message: 'cut' }, fault: 'cut' },
    { when: { message: 'once' }, times: 1, reply: 'first' },
    { when: { message: 'tool' }, reply: { toolCalls: [{ name: 'f', arguments: { a: 1 } }] } },
  ],
};

it('answers the requests of a batch by the rules', async () => {
  const lines = ['Hi', 'bad', 'cut', 'once', 'once more', 'tool'].map((content) => line(content));
  const [, done = '', output = '', errors = ''] = await run(script, lines);
  expect(JSON.parse(done)).toMatchObject({ status: 'completed', request_counts: { total: 6 } });
  const parse = (text: string) =>
    new Map(
      text
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one))
        .map((one) => [one.custom_id, one.response]),
    );
  const said = (id: string) => parse(output).get(id).body.choices[0].message;
  expect(said('Hi').content).toBe('Hello from the simulator.');
  expect(said('once').content).toBe('first');
  expect(said('once more').content).toBe('Hello from the simulator.');
  expect(said('tool').tool_calls[0].function).toEqual({ name: 'f', arguments: '{"a":1}' });
  expect(parse(errors).get('bad')).toMatchObject({ status_code: 400 });
  expect(parse(errors).get('cut')).toMatchObject({ status_code: 500 });
});

it('refuses the requests that OpenAI would refuse', async () => {
  const [, , , errors = ''] = await run({}, [
    line('Hi'),
    { ...line('odd'), body: { ...line('odd').body, odd: 1 } },
  ]);
  expect(JSON.parse(errors)).toMatchObject({
    custom_id: 'odd',
    response: { status_code: 400, body: { error: { param: 'odd' } } },
  });
});

it('says the same in every run', async () => {
  const lines = [line('Hi'), line('bad')];
  const first = await run(script, lines);
  await simulator.close();
  expect(await run(script, lines)).toEqual(first);
});

it('takes its time', async () => {
  const [created = '', later = ''] = await run({ batches: { validate: '1h' } }, [line('Hi')]);
  expect([created, later].map((text) => JSON.parse(text).status)).toEqual([
    'validating',
    'validating',
  ]);
});

it.each([
  ['a model that is none', { model: { toString: 1 } }, 'failed'],
  ['messages that are none', { model: 'gpt-4o', messages: 'abc' }, 'completed'],
])('goes on behind %s', async (_what, body, status) => {
  const [, done = ''] = await run({ strict: false }, [{ ...line('Hi'), body }]);
  expect(JSON.parse(done)).toMatchObject({ status });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  answer,
  httpError,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';
import { contentOf, deltas, postChat, readAll, send } from './post-chat.ts';

let stub: StubUpstream;
beforeEach(async () => {
  stub = await startStubUpstream();
});
afterEach(() => stub.close());

describe('connections', () => {
  it('are kept for the next request', async () => {
    const agent = new Agent({ keepAlive: true });
    for (let n = 0; n < 3; n += 1) {
      const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
      const outgoing = get(`${stub.url}/models`, { agent }, resolve);
      await readAll(await promise);
      expect(outgoing.reusedSocket).toBe(n > 0);
      expect(stub.openConnections()).toBe(1);
    }
    agent.destroy();
  });
});

describe('other requests', () => {
  it('lists the models, and leaves the queue alone', async () => {
    stub.enqueue(answer({ text: 'queued' }));
    stub.models = [{ id: 'm', shutdown_date: '2027-01-14' }];
    const { text } = await readAll(await send('GET', `${stub.url}/models`));

    expect(JSON.parse(text)).toMatchObject({
      object: 'list',
      data: [{ id: 'm', object: 'model', shutdown_date: '2027-01-14' }],
    });
    expect(stub.otherRequests.map(({ path }) => path)).toEqual(['/v1/models']);
    expect(contentOf((await postChat(stub.url)).text)).toBe('queued');
  });

  it('answers the model list as it is told', async () => {
    stub.setModelsBehaviour(httpError(500));
    expect((await readAll(await send('GET', `${stub.url}/models`))).status).toBe(500);
  });

  it('refuses unknown paths and bodies that are not JSON', async () => {
    const unknown = await readAll(await send('GET', `${stub.url}/nothing`));
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text).error.message).toBe('Invalid URL (GET /v1/nothing)');
    const broken = await readAll(await send('POST', `${stub.url}/chat/completions`, '{"model'));
    expect(broken.status).toBe(400);
  });
});

describe('authorisation', () => {
  const KEY = 'sk-test-0123456789';
  beforeEach(async () => {
    await stub.close();
    stub = await startStubUpstream({ apiKey: KEY });
  });
  const ask = async (headers: object) =>
    readAll(await send('GET', `${stub.url}/models`, '', headers));

  it('lets the right key pass', async () => {
    expect((await ask({ authorization: `Bearer ${KEY}` })).status).toBe(200);
  });

  it('refuses another key and shows it masked', async () => {
    const { status, text } = await ask({ authorization: 'Bearer sk-wrong-987654' });
    expect(status).toBe(401);
    expect(JSON.parse(text)).toEqual({
      error: {
        message:
          'Incorrect API key provided: sk-w*******7654. You can find your API key at https://platform.openai.com/account/api-keys.',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_api_key',
      },
    });
    expect((await ask({ authorization: 'Bearer short' })).text).toContain('provided: s***t.');
  });

  it('refuses a request without a key', async () => {
    expect(JSON.parse((await ask({})).text).error).toMatchObject({
      message: expect.stringContaining("You didn't provide an API key"),
      code: null,
    });
  });
});

describe('as a process of its own', () => {
  it('serves the figures it was given and leaves on SIGTERM', async () => {
    const main = join(__dirname, '../support/upstream/main.ts');
    const child = spawn(process.execPath, [
      main,
      ...['--deltas', '3', '--delta-bytes', '4', '--pace-ms', '1'],
    ]);
    const [line] = await once(child.stdout, 'data');
    const url = /^listening on (http:\/\/127\.0\.0\.1:\d+\/v1)\n$/.exec(String(line))?.[1] ?? '';

    expect(deltas((await postChat(url)).text)).toEqual(Array(3).fill({ content: 'xxxx' }));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { type Endpoint, startEndpoint } from '../../src/simulator/endpoint.ts';
import { parseScript } from '../../src/simulator/script/load.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { describeWithIPv6 } from '../support/describe-where.ts';
import { readAll, send } from '../support-tests/post-chat.ts';

let endpoint: Endpoint | undefined;
afterEach(async () => {
  await endpoint?.close();
  endpoint = undefined;
});

describeWithIPv6('an endpoint of IPv6', () => {
  it('has its address in brackets', async () => {
    endpoint = await startSimulator(parseScript({}, 'script'), { host: '::1' });
    expect(endpoint.url).toBe(`http://[::1]:${endpoint.port}/v1`);
    expect((await readAll(await send('GET', `${endpoint.url}/models`))).status).toBe(200);
  });
});

describe('an endpoint', () => {
  it('does not start where another listens', async () => {
    endpoint = await startSimulator(parseScript({}, 'script'));
    const { port } = endpoint;
    await expect(startSimulator(parseScript({}, 'script'), { port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('does not answer for a behaviour whose client left, nor fail for it', async () => {
    const waiting = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    endpoint = await startEndpoint({
      route: () => async (exchange) => {
        exchange.headers();
        waiting.resolve();
        await exchange.delay(3_600_000).finally(left.resolve);
      },
    });
    const message = await send('GET', `${endpoint.url}/models`);
    await waiting.promise;
    message.destroy();
    await left.promise;
    const closing = endpoint;
    endpoint = undefined;
    await expect(closing.close()).resolves.toBeUndefined();
  });
});

describe('a body that cannot be read', () => {
  const UNREADABLE = 'We could not parse the JSON body of your request.';
  const NULL = "Invalid type for '': expected an object, but got null instead.";

  it.each([
    [true, 'chat/completions', 'null', NULL],
    [false, 'chat/completions', 'null', UNREADABLE],
    [false, 'responses', 'null', UNREADABLE],
    [true, 'batches', 'null', 'no such file, or no such window'],
    [false, 'chat/completions', '[]', UNREADABLE],
    [false, 'chat/completions', '{"model": {"toString": 1}}', UNREADABLE],
    [false, 'chat/completions', '{"messages": "abc"}', UNREADABLE],
    [false, 'chat/completions', '{"messages": [null]}', UNREADABLE],
    [false, 'responses', '{"input": [null]}', UNREADABLE],
    [false, 'responses', '{"include": {"a": 1}}', UNREADABLE],
  ])('is refused, with strict: %s, by %s: %s', async (strict, path, body, message) => {
    endpoint = await startSimulator(parseScript({ strict }, 'script'));
    const answered = await readAll(await send('POST', `${endpoint.url}/${path}`, body));
    expect([answered.status, JSON.parse(answered.text).error.message]).toEqual([400, message]);
  });

  it('is answered where parts of a message are none', async () => {
    endpoint = await startSimulator(parseScript({ strict: false }, 'script'));
    const body = '{"messages": [{"content": [null, 3]}]}';
    const url = `${endpoint.url}/chat/completions`;
    expect((await readAll(await send('POST', url, body))).status).toBe(200);
  });
});

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

describe('a body that is null', () => {
  const UNREADABLE = 'We could not parse the JSON body of your request.';

  it.each([
    [true, 'chat/completions', "Invalid type for '': expected an object, but got null instead."],
    [false, 'chat/completions', UNREADABLE],
    [false, 'responses', UNREADABLE],
    [true, 'batches', 'no such file, or no such window'],
  ])('is refused, with strict: %s, by %s', async (strict, path, message) => {
    endpoint = await startSimulator(parseScript({ strict }, 'script'));
    const answered = await readAll(await send('POST', `${endpoint.url}/${path}`, 'null'));
    expect([answered.status, JSON.parse(answered.text).error.message]).toEqual([400, message]);
  });
});

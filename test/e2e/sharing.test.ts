import { afterEach, expect, it } from '@jest/globals';
import { codeName, collect } from '../support/grpc-client.ts';
import { aRequest, startApp } from '../support/running-app.ts';
import { httpError, startStubUpstream } from '../support/upstream/index.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function startShared() {
  const other = await startStubUpstream();
  const running = await startApp(`
defaultModel: gpt-4o-mini
targets: { other: { baseUrl: '${other.url}' } }
routes: { 'gpt-4o*': [{ target: default, weight: 3 }, { target: other, weight: 1 }] }
retryPolicy: { maxAttempts: 1 }
circuitBreaker: { minimumAttempts: 1, failureShare: 0.1, firstOpenFor: 1h, openFor: 1h }
`);
  closers.push(running.stop, () => other.close());
  const ask = async (fields: object = {}) => {
    const { request } = aRequest();
    const stream = running.client.provider.stream('SendMessage', {
      request: { ...request, ...fields },
    });
    const { messages, status } = await collect(stream);
    expect(codeName(status)).toBe('OK');
    const started: { target?: string } | undefined = messages[0]?.started ?? undefined;
    return started;
  };
  const targets = async (calls: number, fields?: object) => {
    const taken: Record<string, number> = {};
    for (let made = 0; made < calls; made += 1) {
      const target = String((await ask(fields))?.target);
      taken[target] = (taken[target] ?? 0) + 1;
    }
    return taken;
  };
  return { ...running, other, ask, targets };
}

it('calls are spread over two upstreams by weight, and conversations stay at one', async () => {
  const { targets, stub, other } = await startShared();
  expect(await targets(12)).toEqual({ default: 9, other: 3 });
  expect([stub.requests.length, other.requests.length]).toEqual([9, 3]);
  expect(await targets(3, { model: 'other/gpt-4o' })).toEqual({ other: 3 });
  for (const key of ['one', 'two', 'three', 'four']) {
    expect(Object.values(await targets(3, { promptCacheKey: key }))).toEqual([3]);
  }
});

it('a failure goes on to the other target, which gets all calls while the circuit is open', async () => {
  const { ask, targets, stub } = await startShared();
  stub.enqueue(httpError(503));
  expect(await ask()).toMatchObject({
    target: 'other',
    warnings: ['Fell back from default/gpt-4o-mini to other/gpt-4o-mini: SERVICE_UNAVAILABLE.'],
  });
  const started = await ask();
  expect(started).toMatchObject({ target: 'other', warnings: [] });
  expect(await targets(6)).toEqual({ other: 6 });
  expect(stub.requests).toHaveLength(1);
});

import { afterEach, expect, it } from '@jest/globals';
import { rank, type SelectableStatus } from '../../demo/rank.ts';
import { collect } from '../support/grpc-client.ts';
import { aRequest, startApp } from '../support/running-app.ts';
import { httpError, startStubUpstream } from '../support/upstream/index.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

it('scores three targets by cost, latency, failures and headroom, from one answer of GetStatus', async () => {
  const [slow, down] = [await startStubUpstream(), await startStubUpstream()];
  const running = await startApp(`
defaultModel: gpt-5.4
retryPolicy: { maxAttempts: 1 }
targets:
  slow: { baseUrl: '${slow.url}' }
  down: { baseUrl: '${down.url}', circuitBreaker: { minimumAttempts: 2 } }
`);
  closers.push(
    () => running.stop(),
    () => slow.close(),
    () => down.close(),
  );
  const { client } = running;
  const ask = (model: string) =>
    collect(client.provider.stream('SendMessage', aRequest({ model })));
  await ask('gpt-5.4');
  await ask('slow/gpt-5.4-mini');
  for (let i = 0; i < 6; i += 1) {
    down.enqueue(httpError(503));
    await ask('down/gpt-5.4');
  }
  const status = (await client.provider.unary('GetStatus')).status as SelectableStatus;
  const choices = rank(status, { input: 1_000, output: 500 });
  expect(choices.map(({ target, model }) => `${target}/${model}`)).toEqual([
    'slow/gpt-5.4-mini',
    'default/gpt-5.4',
    'down/gpt-5.4',
  ]);
  expect(choices[0]?.dollars).toBeLessThan(choices[1]?.dollars ?? 0);
  expect(status).toMatchObject({
    ready: true,
    upstreams: [
      { target: 'default', ready: true, healthy: true, problems: [] },
      { target: 'slow', ready: true },
      {
        target: 'down',
        healthy: false,
        models: [{ statistics: { failures: [{ reason: 'ERROR_REASON_SERVICE_UNAVAILABLE' }] } }],
      },
    ],
  });
  const [answered] = status.upstreams[0]?.models ?? [];
  expect(answered).toMatchObject({
    model: 'gpt-5.4',
    ready: true,
    pricing: { currency: 'USD' },
    statistics: {
      attempts: 1,
      failures: [],
      timeToFirstToken: { p50: { seconds: expect.anything() } },
    },
  });
});

it('counts an only key that was refused', async () => {
  const running = await startApp('defaultModel: gpt-5.4');
  closers.push(() => running.stop());
  const { client, stub } = running;
  stub.enqueue(httpError(401, { code: 'invalid_api_key' }));
  await collect(client.provider.stream('SendMessage', aRequest()));
  expect((await client.provider.unary('GetStatus')).status).toMatchObject({
    ready: false,
    problems: [
      'No target can be asked now.',
      'default: All its API keys are set aside, last for INVALID_API_KEY (invalid_api_key).',
      expect.anything(),
    ],
    upstreams: [{ healthy: false, keys: 1, keysSetAside: 1, ready: false }],
  });
});

import { afterEach, expect, it } from '@jest/globals';
import { collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { httpError } from '../support/upstream/index.ts';

let running: RunningApp;
afterEach(() => running.stop());

const ask = () => collect(running.client.provider.stream('SendMessage', aRequest()));
const ofCalls = () => running.log.lines.filter(({ msg }) => /^call/.test(String(msg)));

it('has few lines of many calls that fail alike, and their number', async () => {
  running = await startApp(`
retryPolicy: { maxAttempts: 1 }
circuitBreaker: { enabled: false }
log: { maxRepeats: 5 }`);
  running.stub.enqueue(...Array.from({ length: 12 }, () => httpError(503)));
  await Promise.all(Array.from({ length: 12 }, ask));
  await running.app.stop();
  expect(ofCalls()).toHaveLength(5);
  const [more] = running.log.lines.filter(({ msg }) => msg === 'more calls failed alike');
  expect(more).toMatchObject({
    level: 'warn',
    reason: 'SERVICE_UNAVAILABLE',
    target: 'default',
    calls: 7,
  });
});

it('has a level for each area', async () => {
  running = await startApp('log: { levels: { calls: warn } }\nretryPolicy: { maxAttempts: 1 }');
  await ask();
  running.stub.enqueue(httpError(503));
  await ask();
  await running.log.find(({ reason }) => reason === 'SERVICE_UNAVAILABLE');
  expect(ofCalls()).toHaveLength(1);
  expect(running.log.lines).toContainEqual(expect.objectContaining({ msg: 'serving' }));
});

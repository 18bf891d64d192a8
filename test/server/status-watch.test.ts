import { afterEach, describe, expect, it } from '@jest/globals';
import { StatusBoard } from '../../src/server/status-watch.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { type RunningServer, startServer } from '../support/running-server.ts';

const ENDPOINT = 'https://upstream.test';
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: 'Hi' }] } };

let running: RunningServer | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describe('GetStatus', () => {
  it('tells state, version, uptime and upstreams', async () => {
    const clock = new FakeClock(1000);
    running = await startServer({}, { clock });
    running.provider.health = [
      {
        endpoint: ENDPOINT,
        healthy: false,
        lastFailureAt: 5000,
        lastFailureReason: 'NETWORK_ERROR',
      },
    ];
    clock.advance(61_500);
    expect(await running.client.provider.unary('GetStatus')).toMatchObject({
      status: {
        state: 'STATE_SERVING',
        provider: 'openai',
        version: '1.2.3',
        configRevision: 'abcdef012345',
        uptime: { seconds: 61, nanos: 500_000_000 },
        activeCalls: 0,
        upstreams: [
          {
            endpoint: ENDPOINT,
            healthy: false,
            lastSuccessTime: null,
            lastFailureTime: { seconds: 5 },
            lastFailureReason: 'ERROR_REASON_NETWORK_ERROR',
          },
        ],
      },
    });
  });
});

describe('WatchStatus', () => {
  it('sends the state, each change of health, and ends OK after DRAINING', async () => {
    running = await startServer();
    const stream = running.client.provider.stream('WatchStatus');
    const outcome = collect(stream);
    expect(await nextMessage(stream)).toMatchObject({ status: { state: 'STATE_SERVING' } });
    // A call that changes nothing but the time of the last success.
    running.provider.health = [{ endpoint: ENDPOINT, healthy: true, lastSuccessAt: 1 }];
    await running.client.provider.unary('SendMessageSync', REQUEST);
    const changed = nextMessage(stream);
    running.provider.health = [{ endpoint: ENDPOINT, healthy: false }];
    await running.client.provider.unary('SendMessageSync', REQUEST);
    expect(await changed).toMatchObject({ status: { upstreams: [{ healthy: false }] } });
    await running.server.drain();
    const { status, messages } = await outcome;
    expect(codeName(status)).toBe('OK');
    expect(messages.map((m) => (m.status as { state: string }).state)).toEqual([
      'STATE_SERVING',
      'STATE_SERVING',
      'STATE_DRAINING',
    ]);
  });

  it('is given no deadline', async () => {
    const clock = new FakeClock();
    running = await startServer({ defaultDeadlineMs: 1000 }, { clock });
    const stream = running.client.provider.stream('WatchStatus');
    const outcome = collect(stream);
    await nextMessage(stream);
    expect(clock.pending).toBe(0);
    clock.advance(3_600_000);
    await running.server.drain();
    expect(codeName((await outcome).status)).toBe('OK');
  });

  it('ends when the watcher leaves, or when its own deadline passes', async () => {
    running = await startServer();
    const cancel = new AbortController();
    const left = running.client.provider.stream('WatchStatus', {}, cancel);
    const outcome = collect(left);
    await nextMessage(left);
    cancel.abort();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
    const deadline = Date.now() + 200;
    const late = await collect(running.client.provider.stream('WatchStatus', {}, { deadline }));
    expect(codeName(late.status)).toBe('DEADLINE_EXCEEDED');
  });
});

describe('StatusBoard', () => {
  const board = (provider: FakeProvider) =>
    new StatusBoard({
      provider,
      clock: new FakeClock(),
      version: '1.2.3',
      configRevision: 'abcdef012345',
      activeCalls: () => 0,
    });

  it('gives a slow watcher the latest state, not each one it missed', async () => {
    const provider = new FakeProvider();
    const status = board(provider);
    const watch = status.watch(new AbortController().signal);
    await watch.next();
    for (const healthy of [false, true, false]) {
      provider.health = [{ endpoint: ENDPOINT, healthy }];
      status.refresh();
    }
    expect((await watch.next()).value).toMatchObject({ upstreams: [{ healthy: false }] });
    status.drain();
    expect((await watch.next()).value).toMatchObject({ state: 2 });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it("throws the signal's reason to a watcher whose signal aborts", async () => {
    const controller = new AbortController();
    const watch = board(new FakeProvider()).watch(controller.signal);
    await watch.next();
    const next = watch.next();
    controller.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
  });
});

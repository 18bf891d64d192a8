import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect, failureOf, nextMessage, statusDetail } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { type Behaviour, stallAfter } from '../support/upstream/index.ts';
import { expectShuttingDown, openStreams } from './streams.ts';

let running: RunningApp;
beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.stop());

/** Half an answer, and the other half when `gate` opens. */
function gated(gate: Promise<void>): Behaviour {
  return async (exchange) => {
    exchange.chunk({ role: 'assistant', content: '' });
    exchange.chunk({ content: 'first ' });
    await gate;
    exchange.chunk({ content: 'second' });
    exchange.chunk({}, 'stop');
    exchange.usage();
    exchange.done();
    exchange.end();
  };
}

/** Stops the app that was started for every test, and starts another. */
async function restart(yaml: string): Promise<RunningApp> {
  await running.stop();
  running = await startApp(yaml);
  return running;
}

describe('stopping while a call runs', () => {
  it('finishes the call, refuses new ones, and says so everywhere', async () => {
    const { app, client, stub } = running;
    const gate = Promise.withResolvers<void>();
    stub.enqueue(gated(gate.promise));
    const watch = client.provider.stream('WatchStatus');
    await nextMessage(watch);
    const watched = collect(watch);
    const stream = client.provider.stream('SendMessage', aRequest());
    const collected = collect(stream);
    await nextMessage(stream);

    const stopped = app.stop();
    const refused = await failureOf(client.provider.unary('SendMessageSync', aRequest()));
    expect(codeName(refused)).toBe('UNAVAILABLE');
    expect(statusDetail(refused, 'google.rpc.ErrorInfo').reason).toBe('SHUTTING_DOWN');
    expect(statusDetail(refused, 'google.rpc.RetryInfo')).toBeDefined();
    expect((await watched).messages.at(-1)).toMatchObject({ status: { state: 'STATE_DRAINING' } });
    expect(codeName((await watched).status)).toBe('OK');
    await expect(client.health.unary('Check')).resolves.toEqual({ status: 'NOT_SERVING' });
    expect((await fetch(`http://${app.adminAddress}/readyz`)).status).toBe(503);
    expect((await fetch(`http://${app.adminAddress}/livez`)).status).toBe(200);

    gate.resolve();
    const { messages, status } = await collected;
    expect(codeName(status)).toBe('OK');
    expect(textOf(messages)).toBe('first second');
    expect(messages.at(-1)?.event).toBe('completed');
    await stopped;
    expect(stub.requests).toHaveLength(1);
  });

  it('ends the call with SHUTTING_DOWN when the grace period is over', async () => {
    const { app, stub } = await restart('drain: { gracePeriod: 50ms }');
    stub.enqueue(stallAfter(1));
    const all = await openStreams(running, 1);

    await app.stop();
    for (const collected of await Promise.all(all)) expectShuttingDown(collected);
    await stub.requests[0]?.closed;
    expect(stub.requests[0]?.closedBy).toBe('client');
  });
});

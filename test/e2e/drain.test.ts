import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expectInvariant, textOf } from '../support/fault-checks.ts';
import {
  type Collected,
  codeName,
  collect,
  failureOf,
  nextMessage,
  type StatusDetail,
  statusDetail,
} from '../support/grpc-client.ts';
import { RawGrpc } from '../support/raw-grpc.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { REQUEST_BYTES } from '../support/server-per-test.ts';
import { answer, type Behaviour, endless, silent, stallAfter } from '../support/upstream/index.ts';

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';

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

/** Streams that have had their first output. */
async function open(count: number): Promise<readonly Promise<Collected>[]> {
  const streams = Array.from({ length: count }, () =>
    running.client.provider.stream('SendMessage', aRequest()),
  );
  const collected = streams.map(collect);
  await Promise.all(streams.map(nextMessage));
  return collected;
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
    const all = await open(1);

    await app.stop();
    for (const collected of await Promise.all(all)) expectShuttingDown(collected);
    await stub.requests[0]?.closed;
    expect(stub.requests[0]?.closedBy).toBe('client');
  });
});

describe('stopping while 200 calls run', () => {
  const CALLS = 200;
  const deltas = Array.from({ length: 30 }, (_, i) => `word ${i} `);

  it('finishes all of them within the grace period', async () => {
    const { app, stub } = running;
    stub.setDefault(answer({ deltas, paceMs: 20 }));
    const all = await open(CALLS);
    await app.stop();
    for (const collected of await Promise.all(all)) {
      expect(codeName(collected.status)).toBe('OK');
      expectInvariant(collected);
      expect(textOf(collected.messages)).toBe(deltas.join(''));
    }
    expect(stub.requests).toHaveLength(CALLS);
  });

  it('ends each with SHUTTING_DOWN and what it has used when the grace period is over', async () => {
    const { app, client, stub } = await restart('drain: { gracePeriod: 200ms }');
    stub.setDefault(stallAfter(3));
    const withOutput = await open(CALLS / 2);
    stub.setDefault(silent());
    const withoutOutput = Array.from({ length: CALLS / 2 }, () =>
      collect(client.provider.stream('SendMessage', aRequest())),
    );
    await stub.waitForRequest(CALLS);

    await app.stop();
    for (const collected of await Promise.all(withOutput)) {
      const failure = expectShuttingDown(collected);
      expect(failure).toMatchObject({
        attempts: 1,
        lastSequence: collected.messages.length,
        partialUsage: { estimated: true },
        partialCost: { estimated: true },
      });
    }
    for (const collected of await Promise.all(withoutOutput)) {
      expect(expectShuttingDown(collected)).toMatchObject({ attempts: 1, lastSequence: 0 });
    }
    await Promise.all(stub.requests.map(({ closed }) => closed));
    expect(new Set(stub.requests.map(({ closedBy }) => closedBy))).toEqual(new Set(['client']));
  });

  it('ends although nobody reads', async () => {
    const { app, addresses, stub } = await restart('drain: { gracePeriod: 50ms }');
    stub.setDefault(endless());
    const raw = new RawGrpc(addresses[0] ?? '');
    const streams = Array.from({ length: 20 }, () => raw.call(SEND_MESSAGE, REQUEST_BYTES));
    for (const stream of streams) stream.on('error', () => {});
    await Promise.all(streams.map((stream) => once(stream, 'response')));

    await app.stop();
    await Promise.all(stub.requests.map(({ closed }) => closed));
    expect(new Set(stub.requests.map(({ closedBy }) => closedBy))).toEqual(new Set(['client']));
    await raw.close();
  });
});

/** What FailureInfo tells of a call that the end of the drain ended. */
function expectShuttingDown(collected: Collected): StatusDetail {
  const { status } = collected;
  expect(codeName(status)).toBe('UNAVAILABLE');
  expectInvariant(collected);
  expect(statusDetail(status, 'google.rpc.ErrorInfo').reason).toBe('SHUTTING_DOWN');
  expect(statusDetail(status, 'google.rpc.RetryInfo')).toBeDefined();
  return statusDetail(status, 'tamma.provider.v1.FailureInfo');
}

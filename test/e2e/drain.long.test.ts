import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { expectInvariant, textOf } from '../support/fault-checks.ts';
import { codeName, collect } from '../support/grpc-client.ts';
import { RawGrpc } from '../support/raw-grpc.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { REQUEST_BYTES } from '../support/server-per-test.ts';
import { answer, endless, silent, stallAfter } from '../support/upstream/index.ts';
import { expectShuttingDown, openStreams } from './streams.ts';

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';

let running: RunningApp;
afterEach(() => running.stop());

async function start(yaml: string): Promise<RunningApp> {
  running = await startApp(yaml);
  return running;
}

describe('stopping while 200 calls run', () => {
  const CALLS = 200;
  const deltas = Array.from({ length: 30 }, (_, i) => `word ${i} `);

  it('finishes all of them within the grace period', async () => {
    const { app, stub } = await start('');
    stub.setDefault(answer({ deltas, paceMs: 20 }));
    const all = await openStreams(running, CALLS);
    await app.stop();
    for (const collected of await Promise.all(all)) {
      expect(codeName(collected.status)).toBe('OK');
      expectInvariant(collected);
      expect(textOf(collected.messages)).toBe(deltas.join(''));
    }
    expect(stub.requests).toHaveLength(CALLS);
  });

  it('ends each with SHUTTING_DOWN and what it has used when the grace period is over', async () => {
    const { app, client, stub } = await start('drain: { gracePeriod: 2s }');
    stub.setDefault(stallAfter(3));
    const withOutput = await openStreams(running, CALLS / 2);
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
    const { app, addresses, stub } = await start('drain: { gracePeriod: 1s }');
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

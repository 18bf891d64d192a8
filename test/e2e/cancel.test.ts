import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeName, collect, statusDetail, type WireMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import {
  type Behaviour,
  endless,
  headersThenSilence,
  silent,
  stallAfter,
} from '../support/upstream/index.ts';

interface Phase {
  readonly name: string;
  readonly upstream: Behaviour;
  /** The message after which the phase is certain; none: once the request has arrived. */
  readonly after?: 'textDelta';
}

const PHASES: readonly Phase[] = [
  { name: 'before the headers', upstream: silent() },
  { name: 'before the first token', upstream: headersThenSilence() },
  { name: 'in the middle of the answer', upstream: stallAfter(2), after: 'textDelta' },
  { name: 'while the answer pours in', upstream: endless(), after: 'textDelta' },
];

let running: RunningApp;
beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.stop());

describe('a call that the caller cancels', () => {
  it.each(PHASES)('closes the upstream connection $name', async ({ upstream, after }) => {
    const { client, stub, log } = running;
    stub.enqueue(upstream);
    const stream = client.provider.stream('SendMessage', aRequest());
    const reached = Promise.withResolvers<void>();
    stream.on('data', ({ event }: WireMessage) => event === after && reached.resolve());
    const collected = collect(stream);
    const request = await stub.waitForRequest(1);
    if (after !== undefined) await reached.promise;
    stream.cancel();

    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(codeName((await collected).status)).toBe('CANCELLED');
    await expect(log.ofCall('SendMessage')).resolves.toMatchObject({
      code: 'CANCELLED',
      reason: 'CANCELLED',
      attempts: 1,
    });
  });
});

describe('a call whose deadline passes', () => {
  it.each([
    { name: 'before the headers', upstream: silent() },
    { name: 'before the first token', upstream: headersThenSilence() },
    { name: 'in the middle of the answer', upstream: stallAfter(2) },
  ])('closes the upstream connection and says what it cost $name', async ({ upstream }) => {
    const { client, stub } = running;
    stub.enqueue(upstream);
    const deadline = Date.now() + 400;
    const stream = client.provider.stream('SendMessage', aRequest(), { deadline });
    const { messages, status } = await collect(stream);

    expect(codeName(status)).toBe('DEADLINE_EXCEEDED');
    expect(statusDetail(status, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
      metadata: { attempts: '1', retryable: 'false' },
    });
    expect(statusDetail(status, 'tamma.provider.v1.FailureInfo')).toMatchObject({
      lastSequence: messages.length,
      partialUsage: { inputTokens: expect.any(Number), estimated: true },
    });
    const [request] = stub.requests;
    await request?.closed;
    expect(request?.closedBy).toBe('client');
  });
});

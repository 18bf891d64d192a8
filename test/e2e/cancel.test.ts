import type { ClientReadableStream } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.ts';
import { codeName, collect, statusDetail, type WireMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import {
  type Behaviour,
  endless,
  headersThenSilence,
  type RecordedRequest,
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

/** Nothing times out before the deadline, by the clock of the test. */
const PATIENT = 'timeouts: { headers: 1h, firstToken: 1h, idle: 1h }';
const DEADLINE_MS = 600_000;

let running: RunningApp;
beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.stop());

/** Waits until the call is in the phase. */
async function begins(
  { after }: Phase,
  stream: ClientReadableStream<WireMessage>,
): Promise<RecordedRequest> {
  const reached = Promise.withResolvers<void>();
  stream.on('data', ({ event }: WireMessage) => event === after && reached.resolve());
  const request = await running.stub.waitForRequest(1);
  if (after !== undefined) await reached.promise;
  return request;
}

describe('a call that the caller cancels', () => {
  it.each(PHASES)('closes the upstream connection $name', async (phase) => {
    const { client, stub, log } = running;
    stub.enqueue(phase.upstream);
    const stream = client.provider.stream('SendMessage', aRequest());
    const collected = collect(stream);
    const request = await begins(phase, stream);
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
  it.each(PHASES.slice(0, 3))(
    'closes the upstream connection and says what it cost $name',
    async (phase) => {
      await running.stop();
      const clock = new FakeClock(Date.now());
      running = await startApp(PATIENT, {}, clock);
      const { client, stub } = running;
      stub.enqueue(phase.upstream);
      const deadline = Date.now() + DEADLINE_MS;
      const stream = client.provider.stream('SendMessage', aRequest(), { deadline });
      const collected = collect(stream);
      await begins(phase, stream);
      clock.advance(DEADLINE_MS);
      const { messages, status } = await collected;

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
    },
  );
});

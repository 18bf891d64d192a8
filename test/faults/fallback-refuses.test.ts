import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UPSTREAM_TEXT } from '../support/fault.ts';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { answer, type Behaviour, cutAfter, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';
import { startTwo, type TwoUpstreams } from './two-upstreams.ts';

let two: TwoUpstreams;
beforeEach(async () => {
  two = await startTwo();
});
afterEach(() => two.stop());

const MODES: readonly Mode[] = ['FAIL', 'RESTART', 'HOLD_BACK', 'sync'];
const message = UPSTREAM_TEXT;
const contentRefused = httpError(400, { message, code: 'content_policy_violation' });
const unavailable = httpError(503, { message });

interface Refusals {
  readonly first: Behaviour;
  readonly second: Behaviour;
  readonly code: string;
  readonly reason: string;
  /** Requests to the two. */
  readonly requests: readonly [number, number];
}

async function expectRefusal(mode: Mode, refusals: Refusals): Promise<void> {
  two.stub.setDefault(refusals.first);
  two.second.setDefault(refusals.second);
  const { failure } = await see(two.client, mode);
  if (failure === undefined) throw new Error('the call succeeded');
  const { reason, metadata } = statusDetail(failure, 'google.rpc.ErrorInfo');
  expect([codeName(failure), reason]).toEqual([refusals.code, refusals.reason]);
  const [first, second] = refusals.requests;
  expect(metadata).toMatchObject({ attempts: String(first + second) });
  expect(two.stub.requests).toHaveLength(first);
  expect(two.second.requests).toHaveLength(second);
  const { upstreamMessage } = statusDetail(failure, 'tamma.provider.v1.FailureInfo');
  expect(upstreamMessage).toBe(UPSTREAM_TEXT);

  two.stub.setDefault(answer());
  expect((await see(two.client, mode)).answer).toMatchObject({ attempts: 1, target: 'default' });
}

describe('a fallback that refuses too', () => {
  it.each(MODES)('ends a call by %s when neither is available', (mode) =>
    expectRefusal(mode, {
      first: unavailable,
      second: unavailable,
      code: 'UNAVAILABLE',
      reason: 'SERVICE_UNAVAILABLE',
      requests: [3, 3],
    }),
  );

  it.each(MODES)('has the last word to %s about the content', (mode) =>
    expectRefusal(mode, {
      first: unavailable,
      second: contentRefused,
      code: 'INVALID_ARGUMENT',
      reason: 'CONTENT_FILTERED',
      requests: [3, 1],
    }),
  );

  it.each(MODES)('is never asked by %s for content that was refused', (mode) =>
    expectRefusal(mode, {
      first: contentRefused,
      second: answer(),
      code: 'INVALID_ARGUMENT',
      reason: 'CONTENT_FILTERED',
      requests: [1, 0],
    }),
  );

  it('leaves the caller of RESTART with what breaks it off, of the last route', async () => {
    two.stub.setDefault(cutAfter(2));
    two.second.setDefault(cutAfter(1));
    const { failure, texts } = await see(two.client, 'RESTART');
    if (failure === undefined) throw new Error('the call succeeded');
    expect(statusDetail(failure, 'google.rpc.ErrorInfo').reason).toBe('STREAM_INTERRUPTED');
    expect(texts).toEqual([...Array(3).fill('word1 word2 '), ...Array(3).fill('word1 ')]);
  });
});

import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import { type ExpectedError, UPSTREAM_TEXT } from './fault.ts';
import { codeName, statusDetail } from './grpc-client.ts';
import type { RecordedRequest } from './upstream/index.ts';

export { expectInvariant, textOf } from './invariant.ts';

/** A failed call, by stream or not. */
type Failed = StatusObject | ServiceError;

/** What such a break is to a caller who has had output. */
export function interrupted(error: ExpectedError): ExpectedError {
  const { retryable: _, ...info } = error.info ?? {};
  return { ...error, code: 'ABORTED', reason: 'STREAM_INTERRUPTED', info };
}

/** @param requests that the call made, of which each met the fault */
export function expectFailure(
  failed: Failed,
  expected: ExpectedError,
  requests: readonly RecordedRequest[],
): void {
  const { reason, domain, metadata } = statusDetail(failed, 'google.rpc.ErrorInfo');
  expect({ code: codeName(failed), reason }).toEqual({
    code: expected.code,
    reason: expected.reason,
  });
  expect(domain).toBe('provider.tamma.dev');
  expect(metadata).toMatchObject({
    provider: 'openai',
    attempts: String(requests.length),
    ...(expected.beforeHeaders ? {} : { upstream_request_id: requests.at(-1)?.requestId }),
    ...expected.info,
  });
  expect(statusDetail(failed, 'google.rpc.RequestInfo').requestId).not.toBe('');
  expect(statusDetail(failed, 'tamma.provider.v1.FailureInfo')).toMatchObject({
    reason: `ERROR_REASON_${reason}`,
    attempts: requests.length,
  });
  for (const [type, fields] of Object.entries(expected.details ?? {})) {
    expect(statusDetail(failed, type)).toMatchObject(fields);
  }
  expectWordsWhereTheyBelong(failed);
}

/** That each of these requests is told as an attempt that failed with this reason. */
export function expectFailedAttempts(
  failedAttempts: unknown,
  { reason, beforeHeaders }: ExpectedError,
  requests: readonly RecordedRequest[],
): void {
  expect(failedAttempts).toMatchObject(
    requests.map(({ requestId }, index) => ({
      attempt: index + 1,
      reason: `ERROR_REASON_${reason}`,
      upstreamRequestId: beforeHeaders ? '' : requestId,
    })),
  );
}

/** What the upstream put into words reaches the caller as such: in a field of its own, and quoted. */
function expectWordsWhereTheyBelong(failed: Failed): void {
  const { upstreamMessage } = statusDetail(failed, 'tamma.provider.v1.FailureInfo');
  if (upstreamMessage === '') expect(failed.details).not.toContain(UPSTREAM_TEXT);
  for (const type of ['google.rpc.ErrorInfo', 'google.rpc.RequestInfo']) {
    expect(JSON.stringify(statusDetail(failed, type))).not.toContain(UPSTREAM_TEXT);
  }
}

import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import { type ExpectedError, UPSTREAM_TEXT } from './fault.ts';
import {
  type Collected,
  codeName,
  statusDetail,
  statusDetails,
  type WireMessage,
} from './grpc-client.ts';
import type { RecordedRequest } from './upstream/index.ts';

/** A failed call, by stream or not. */
type Failed = StatusObject | ServiceError;

/** What such a break is to a caller who has had output. */
export function interrupted(error: ExpectedError): ExpectedError {
  const { retryable: _, ...info } = error.info ?? {};
  return { ...error, code: 'ABORTED', reason: 'STREAM_INTERRUPTED', info };
}

export function expectFailure(
  failed: Failed,
  expected: ExpectedError,
  { requestId }: RecordedRequest,
): void {
  const { reason, domain, metadata } = statusDetail(failed, 'google.rpc.ErrorInfo');
  expect({ code: codeName(failed), reason }).toEqual({
    code: expected.code,
    reason: expected.reason,
  });
  expect(domain).toBe('provider.tamma.dev');
  expect(metadata).toMatchObject({
    provider: 'openai',
    attempts: '1',
    ...(expected.beforeHeaders ? {} : { upstream_request_id: requestId }),
    ...expected.info,
  });
  expect(statusDetail(failed, 'google.rpc.RequestInfo').requestId).not.toBe('');
  for (const [type, fields] of Object.entries(expected.details ?? {})) {
    expect(statusDetail(failed, type)).toMatchObject(fields);
  }
  expectNoLeak(failed);
}

/** Nothing that the upstream put into words reaches the caller. */
function expectNoLeak(failed: Failed): void {
  const told = JSON.stringify([failed.details, failed.metadata.getMap(), statusDetails(failed)]);
  const raw = failed.metadata.get('grpc-status-details-bin').join('');
  expect(told + raw).not.toContain(UPSTREAM_TEXT);
}

/** The call's end and its messages tell the same: OK if and only if one `completed` came, last. */
export function expectInvariant({ messages, status }: Collected): void {
  const completed = messages.flatMap(({ event }, index) => (event === 'completed' ? [index] : []));
  expect(completed).toEqual(status.code === 0 ? [messages.length - 1] : []);
  expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, index) => index + 1));
}

/** The text of an answer, joined. */
export function textOf(messages: readonly WireMessage[]): string {
  return messages
    .map(({ textDelta }) => (textDelta as { text: string } | null)?.text ?? '')
    .join('');
}

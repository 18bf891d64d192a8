import { expect } from '@jest/globals';
import {
  type Collected,
  codeName,
  collect,
  nextMessage,
  type StatusDetail,
  statusDetail,
} from '../support/grpc-client.ts';
import { expectInvariant } from '../support/invariant.ts';
import { aRequest, type RunningApp } from '../support/running-app.ts';

/** Streams that have had their first output. */
export async function openStreams(
  { client }: RunningApp,
  count: number,
): Promise<readonly Promise<Collected>[]> {
  const streams = Array.from({ length: count }, () =>
    client.provider.stream('SendMessage', aRequest()),
  );
  const collected = streams.map(collect);
  await Promise.all(streams.map(nextMessage));
  return collected;
}

/** What FailureInfo tells of a call that the end of the drain ended. */
export function expectShuttingDown(collected: Collected): StatusDetail {
  const { status } = collected;
  expect(codeName(status)).toBe('UNAVAILABLE');
  expectInvariant(collected);
  expect(statusDetail(status, 'google.rpc.ErrorInfo').reason).toBe('SHUTTING_DOWN');
  expect(statusDetail(status, 'google.rpc.RetryInfo')).toBeDefined();
  return statusDetail(status, 'tamma.provider.v1.FailureInfo');
}

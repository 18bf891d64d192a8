import type { BatchResultEvent } from '../batch/batch-provider.ts';
import type { StreamBatchResultsResponse } from '../gen/tamma/provider/v1/batch_provider.ts';
import { toWireResponse } from './convert/response.ts';
import { toRpcStatus } from './status.ts';

export function toWireBatchResult(
  batchId: string,
  { sequence, customId, result }: BatchResultEvent,
): StreamBatchResultsResponse {
  return { sequence: BigInt(sequence), customId, result: toWireResult(batchId, customId, result) };
}

function toWireResult(
  batchId: string,
  customId: string,
  result: BatchResultEvent['result'],
): NonNullable<StreamBatchResultsResponse['result']> {
  if ('response' in result) return { $case: 'response', value: toWireResponse(result.response) };
  const facts = { callId: `${batchId}/${customId}`, traceId: '', lastSequence: 0 };
  return { $case: 'error', value: toRpcStatus(result.error, facts) };
}

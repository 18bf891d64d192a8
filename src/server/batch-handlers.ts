import type { Metadata } from '@grpc/grpc-js';
import { context } from '@opentelemetry/api';
import type { BatchCall, BatchResultEvent, IAIBatchProvider } from '../batch/batch-provider.ts';
import type { BatchItem } from '../batch/item.ts';
import { type Caller, ownerOf, ownMetadata } from '../core/caller.ts';
import { ProviderError } from '../core/errors.ts';
import { linkSignal } from '../core/signal.ts';
import {
  type CreateBatchRequest,
  IAIBatchProviderService,
  type StreamBatchResultsResponse,
} from '../gen/tamma/provider/v1/batch_provider.ts';
import {
  fromWireBatchItem,
  fromWireBatchOptions,
  fromWireListQuery,
  toWireBatch,
} from './convert/batch.ts';
import { toWireResponse } from './convert/response.ts';
import { WireViolations } from './convert/violations.ts';
import { toRpcStatus } from './errors/status.ts';
import type { RpcCall } from './rpc/lifecycle.ts';
import type { RawHandlers } from './rpc/raw-service.ts';
import type { Rpcs } from './rpc/rpc.ts';

export interface BatchHandlerDeps {
  readonly rpcs: Rpcs;
  /** Absent: there is nowhere to keep batches. */
  readonly batches?: IAIBatchProvider;
  /** Aborts when the drain begins, with SHUTTING_DOWN. */
  readonly draining: AbortSignal;
}

const METHODS = IAIBatchProviderService;

const UNAVAILABLE =
  'Batches are kept in the data directory, and the configuration of this provider has none (dataDir).';

/** tamma.provider.v1.IAIBatchProvider over the in-process provider. */
export function createBatchHandlers({
  rpcs,
  batches,
  draining,
}: BatchHandlerDeps): RawHandlers<typeof IAIBatchProviderService> {
  const provider = (): IAIBatchProvider => {
    if (batches === undefined)
      throw new ProviderError('PERMISSION_DENIED', { message: UNAVAILABLE });
    return batches;
  };
  return {
    createBatch: rpcs.clientStreaming(METHODS.createBatch, { heavy: true }, async (pieces, rpc) => {
      const iterator = pieces[Symbol.asyncIterator]();
      const { value: first } = await iterator.next();
      if (first?.piece?.$case !== 'options') throw outOfOrder('options', 'must come first');
      const options = fromWireBatchOptions(first.piece.value);
      const metadata = ownMetadata(options.metadata, rpc.caller, 'options.metadata');
      const items = itemsOf({ [Symbol.asyncIterator]: () => iterator }, rpc.caller);
      // Those who work it off ask for the span that is active.
      const batch = await context.with(rpc.context, () =>
        provider().createBatch({ ...options, metadata }, items, batchCall(rpc)),
      );
      return { batch: toWireBatch(batch) };
    }),
    getBatch: rpcs.unary(METHODS.getBatch, {}, async ({ batchId }, rpc) => {
      const batch = await provider().getBatch(given(batchId), batchCall(rpc));
      return { batch: toWireBatch(batch) };
    }),
    listBatches: rpcs.unary(METHODS.listBatches, {}, async (request, rpc) => {
      const violations = new WireViolations();
      const query = fromWireListQuery(request, violations);
      throwIfAny(violations);
      const page = await provider().listBatches(query, batchCall(rpc));
      return {
        batches: page.batches.map(toWireBatch),
        nextPageToken: page.nextPageToken ?? '',
      };
    }),
    cancelBatch: rpcs.unary(METHODS.cancelBatch, {}, async ({ batchId }, rpc) => {
      const batch = await provider().cancelBatch(given(batchId), batchCall(rpc));
      return { batch: toWireBatch(batch) };
    }),
    streamBatchResults: rpcs.serverStreaming(
      METHODS.streamBatchResults,
      { unlimited: true },
      async ({ batchId, afterSequence, wait }, stream, rpc) => {
        if (afterSequence < 0n) throw outOfOrder('after_sequence', 'must be 0 or more');
        const query = { batchId: given(batchId), afterSequence: Number(afterSequence), wait };
        const { controller, unlink } = linkSignal(rpc.signal);
        const onDrain = () => controller.abort(draining.reason);
        if (wait) draining.addEventListener('abort', onDrain, { once: true });
        if (wait && draining.aborted) onDrain();
        const call = { ...batchCall(rpc), signal: controller.signal };
        try {
          for await (const result of provider().batchResults(query, call)) {
            if (!stream.write(toWireBatchResult(batchId, result))) await stream.drained();
          }
        } finally {
          draining.removeEventListener('abort', onDrain);
          unlink();
        }
      },
    ),
  };
}

async function* itemsOf(
  pieces: AsyncIterable<CreateBatchRequest>,
  caller: Caller | undefined,
): AsyncGenerator<BatchItem> {
  for await (const { piece } of pieces) {
    if (piece?.$case !== 'item')
      throw outOfOrder('item', 'must be set in each message but the first');
    yield ownItem(fromWireBatchItem(piece.value), caller);
  }
}

function ownItem(item: BatchItem, caller: Caller | undefined): BatchItem {
  if (caller === undefined) return item;
  const { request } = item;
  const metadata = ownMetadata(request.metadata ?? {}, caller, 'item.request.metadata');
  return { ...item, request: { ...request, metadata } };
}

function given(batchId: string): string {
  if (batchId === '') throw outOfOrder('batch_id', 'must be set');
  return batchId;
}

function outOfOrder(field: string, description: string): ProviderError {
  return new ProviderError('INVALID_REQUEST', { fieldViolations: [{ field, description }] });
}

function throwIfAny({ found }: WireViolations): void {
  if (found.length > 0) throw new ProviderError('INVALID_REQUEST', { fieldViolations: found });
}

function batchCall({ signal, metadata, caller }: RpcCall): BatchCall {
  const owner = caller === undefined ? projectOf(metadata) : ownerOf(caller);
  return { signal, ...(owner !== '' && { owner }) };
}

/** Whom the call says that it speaks for, where callers have no identity. */
function projectOf(metadata: Metadata): string {
  const [value] = metadata.get('project_id');
  return typeof value === 'string' ? value : '';
}

function toWireBatchResult(
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

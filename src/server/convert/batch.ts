import type { CreateBatchOptions, ListQuery } from '../../batch/batch-provider.ts';
import type { BatchItem } from '../../batch/item.ts';
import { present } from '../../core/present.ts';
import * as wire from '../../gen/tamma/provider/v1/batch_provider.ts';
import type { Batch, BatchExecution, BatchState } from '../../money/batches/batch.ts';
import { nameOf } from './enums.ts';
import { fromWireMoney, toWireCost } from './money.ts';
import { map, text } from './present.ts';
import { fromWireRequest } from './request.ts';
import { fromWireDuration, toTimestamp } from './time.ts';
import { toWireUsage } from './usage.ts';
import { optionalEnum, WireViolations } from './violations.ts';

const STATE: Record<Exclude<BatchState, 'receiving'>, wire.BatchState> = {
  queued: wire.BatchState.QUEUED,
  running: wire.BatchState.RUNNING,
  completed: wire.BatchState.COMPLETED,
  partial: wire.BatchState.PARTIAL,
  failed: wire.BatchState.FAILED,
  cancelling: wire.BatchState.CANCELLING,
  cancelled: wire.BatchState.CANCELLED,
  expired: wire.BatchState.EXPIRED,
};

const EXECUTION: Record<BatchExecution, wire.BatchExecution> = {
  upstream: wire.BatchExecution.UPSTREAM,
  local: wire.BatchExecution.LOCAL,
};

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;

export function fromWireBatchOptions(options: wire.BatchOptions): CreateBatchOptions {
  const violations = new WireViolations();
  const execution = optionalEnum(EXECUTION, options.execution, 'options.execution', violations);
  const window = 'options.completion_window';
  const completionWindowMs = fromWireDuration(options.completionWindow, window, violations);
  const maxCost = fromWireMoney(options.maxCost, 'options.max_cost', violations);
  return {
    displayName: options.displayName,
    idempotencyKey: options.idempotencyKey,
    validateOnly: options.validateOnly,
    metadata: map(options.metadata) ?? {},
    ...present({ execution, completionWindowMs, maxCost }),
    violations: violations.found,
  };
}

export function fromWireBatchItem({ customId, request }: wire.BatchItem): BatchItem {
  const violations = new WireViolations();
  const converted = fromWireRequest(request, violations);
  return { customId, request: converted, violations: violations.found };
}

export function fromWireListQuery(
  request: wire.ListBatchesRequest,
  violations: WireViolations,
): ListQuery {
  const { pageSize } = request;
  if (pageSize < 0 || pageSize > MAX_PAGE) {
    violations.add('page_size', `must be between 0 and ${MAX_PAGE}`);
  }
  const state =
    request.state === 0
      ? undefined
      : (nameOf(STATE, request.state) ??
        violations.add('state', `has the unknown value ${request.state}`));
  return {
    limit: pageSize || DEFAULT_PAGE,
    ...present({ pageToken: text(request.pageToken), state }),
  };
}

export function toWireBatch(batch: Batch): wire.Batch {
  const { state, counts, usage, cost, finishedAt } = batch;
  return {
    id: batch.id,
    displayName: batch.displayName,
    state: state === 'receiving' ? wire.BatchState.UNSPECIFIED : STATE[state],
    counts: {
      total: BigInt(counts.total),
      completed: BigInt(counts.completed),
      failed: BigInt(counts.failed),
    },
    usage: usage && toWireUsage(usage),
    cost: cost && toWireCost(cost),
    createTime: toTimestamp(batch.createdAt),
    finishTime: finishedAt === undefined ? undefined : toTimestamp(finishedAt),
    expireTime: toTimestamp(batch.expiresAt),
    upstreamBatchIds: [...batch.upstreamBatchIds],
    problems: [...batch.problems],
    execution: EXECUTION[batch.execution],
    metadata: { ...batch.metadata },
  };
}

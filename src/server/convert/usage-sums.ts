import { present } from '../../core/present.ts';
import * as wire from '../../gen/tamma/provider/v1/usage_provider.ts';
import type {
  LedgerDimension,
  LedgerQuery,
  LedgerSum,
  LedgerSums,
} from '../../money/ledger/ledger.ts';
import { nameOf } from './enums.ts';
import { toWireCost } from './money.ts';
import { text } from './present.ts';
import { fromTimestamp } from './time.ts';
import type { WireViolations } from './violations.ts';

const DIMENSION: Record<LedgerDimension, wire.UsageDimension> = {
  model: wire.UsageDimension.MODEL,
  userId: wire.UsageDimension.USER,
  projectId: wire.UsageDimension.PROJECT,
  outcome: wire.UsageDimension.OUTCOME,
  target: wire.UsageDimension.TARGET,
  day: wire.UsageDimension.DAY,
};

/** What a GetUsageRequest asks of the ledger. */
export function fromWireUsageQuery(
  request: wire.GetUsageRequest,
  violations: WireViolations,
): LedgerQuery {
  const from = readTime(request.startTime, 'start_time', violations);
  const until = readTime(request.endTime, 'end_time', violations);
  if (from !== undefined && until !== undefined && from >= until) {
    violations.add('end_time', 'must be after start_time');
  }
  return {
    groupBy: readDimensions(request.groupBy, violations),
    ...present({
      from,
      until,
      model: text(request.model),
      userId: text(request.userId),
      projectId: text(request.projectId),
    }),
  };
}

function readTime(
  time: wire.GetUsageRequest['startTime'],
  field: string,
  violations: WireViolations,
): number | undefined {
  if (time === undefined) return undefined;
  const epochMs = fromTimestamp(time);
  if (epochMs === undefined) violations.add(field, 'must be a valid time after 1970');
  return epochMs;
}

function readDimensions(
  groupBy: readonly wire.UsageDimension[],
  violations: WireViolations,
): readonly LedgerDimension[] {
  return groupBy.flatMap((value, index) => {
    const dimension = nameOf(DIMENSION, value);
    if (dimension === undefined) {
      violations.add(`group_by[${index}]`, 'must be one of the dimensions');
      return [];
    }
    if (groupBy.indexOf(value) !== index) violations.add(`group_by[${index}]`, 'is there twice');
    return [dimension];
  });
}

export function toWireUsageSums(sums: LedgerSums): wire.GetUsageResponse {
  return {
    rows: sums.rows.map(toWireRow),
    total: toWireRow(sums.total),
    truncated: sums.truncated,
    partial: sums.partial,
  };
}

function toWireRow(sum: LedgerSum): wire.UsageRow {
  return {
    model: sum.model,
    userId: sum.userId,
    projectId: sum.projectId,
    outcome: sum.outcome,
    target: sum.target,
    day: sum.day,
    attempts: BigInt(sum.attempts),
    estimatedAttempts: BigInt(sum.estimatedAttempts),
    unpricedAttempts: BigInt(sum.unpricedAttempts),
    inputTokens: BigInt(sum.inputTokens),
    outputTokens: BigInt(sum.outputTokens),
    cacheReadTokens: BigInt(sum.cacheReadTokens),
    cacheWriteTokens: BigInt(sum.cacheWriteTokens),
    reasoningTokens: BigInt(sum.reasoningTokens),
    cost: toWireCost({
      picoDollars: sum.picoDollars,
      // Prices of several versions may be in it.
      catalogueVersion: '',
      estimated: sum.estimatedAttempts > 0,
      unpriced: sum.unpricedAttempts > 0,
    }),
  };
}

import type { ProviderError } from '../core/errors.ts';
import type { NewResult, Owed } from '../money/batches/batch.ts';
import { measureCost } from '../money/pricing/measure-cost.ts';
import { ATTRIBUTE } from '../telemetry/attributes.ts';
import type { Holdings } from './holdings.ts';
import type { RunDeps } from './run-deps.ts';
import { storeResult } from './stored-result.ts';

export interface PartToSettle {
  readonly batch: string;
  readonly part: number;
  readonly upstream: string;
  readonly model: string;
  readonly execution: 'upstream' | 'local';
}

type SettleDeps = Pick<RunDeps, 'books' | 'changes' | 'instruments' | 'means'>;

/** Keeps results of a part, frees what was reserved for them, and tells whoever waits for them. */
export async function settle(
  of: PartToSettle,
  results: readonly NewResult[],
  holdings: Holdings | undefined,
  deps: SettleDeps,
): Promise<void> {
  await deps.means.book.bookings.book(() => write(of, results, holdings, deps));
}

async function write(
  of: PartToSettle,
  results: readonly NewResult[],
  holdings: Holdings | undefined,
  { books, changes, instruments, means }: SettleDeps,
): Promise<void> {
  const settled = await books.addResults(of.batch, results);
  if (settled.length === 0) return;
  const byId = new Map(results.map((result) => [result.customId, result]));
  for (const item of settled) {
    const { cost, succeeded = false, record } = byId.get(item.customId) ?? {};
    holdings?.settle(item, cost?.picoDollars ?? 0n);
    instruments.batchItems.add(1, attributes(of, succeeded));
    // What has no record here was counted when its attempts were.
    if (cost !== undefined && record !== undefined) {
      const model = means.labels.label(of.model);
      const ofModel = { [ATTRIBUTE.genAiRequestModel]: model, [ATTRIBUTE.target]: of.upstream };
      measureCost(cost, ofModel, instruments);
    }
  }
  changes.tell(of.batch);
}

/** Gives all items of a part that have no result the same failure. */
export async function failRest(
  of: PartToSettle,
  error: ProviderError,
  holdings: Holdings | undefined,
  { books, changes, instruments }: SettleDeps,
  spender?: Omit<Owed, 'most'>,
): Promise<void> {
  const result = storeResult({ error });
  for (;;) {
    const settled = await books.failOpen(of.batch, of.part, result, spender);
    if (settled.length === 0) break;
    for (const item of settled) holdings?.settle(item, 0n);
    instruments.batchItems.add(settled.length, attributes(of, false));
    changes.tell(of.batch);
  }
}

function attributes({ execution, upstream }: PartToSettle, succeeded: boolean) {
  return {
    [ATTRIBUTE.target]: upstream,
    [ATTRIBUTE.batchExecution]: execution,
    [ATTRIBUTE.outcome]: succeeded ? 'completed' : 'failed',
  };
}

import { ProviderError } from '../core/errors.ts';
import type { MessageResponse } from '../core/events.ts';
import type { BatchLineResult } from '../core/upstream-batches.ts';
import { estimatedUsage } from '../core/usage.ts';
import type { BatchPart, NewResult, OpenItem } from '../money/batches/batch.ts';
import { attemptCost } from '../money/pricing/cost.ts';
import type { RunDeps } from './run-deps.ts';
import { restoreCall } from './stored-call.ts';
import { storeResult } from './stored-result.ts';

/** Lines that are read before they are kept, and their characters: one line may have millions. */
const CHUNK = { lines: 100, characters: 4 * 1024 * 1024 };

/** As the ledger names it; batches are sold by no tier. */
const SERVICE_TIER = 'batch';

const UNREAD = 'an answer of a batch could not be read';

type ResultsDeps = Pick<RunDeps, 'books' | 'means' | 'clock' | 'log'>;

export interface ResultsOf {
  readonly batch: string;
  readonly part: BatchPart;
  readonly signal: AbortSignal;
}

/**
 * What a file of results says of items that have none yet, some at a time, in the file's order. Returns how
 * many of its lines cannot be read.
 */
export async function* readResults(
  lines: AsyncIterable<BatchLineResult | undefined>,
  of: ResultsOf,
  deps: ResultsDeps,
): AsyncGenerator<readonly NewResult[], number> {
  let chunk = new Map<string, BatchLineResult>();
  let unreadable = 0;
  let characters = 0;
  for await (const line of lines) {
    if (line === undefined) {
      unreadable += 1;
      continue;
    }
    // The first line of an item is the one that counts, here as between chunks.
    if (chunk.has(line.customId)) continue;
    chunk.set(line.customId, line);
    characters += line.size;
    if (chunk.size < CHUNK.lines && characters < CHUNK.characters) continue;
    yield await toResults(chunk, of, deps);
    chunk = new Map();
    characters = 0;
  }
  if (chunk.size > 0) yield await toResults(chunk, of, deps);
  return unreadable;
}

/** What was read before, or belongs to nobody, is left out. */
async function toResults(
  lines: ReadonlyMap<string, BatchLineResult>,
  of: ResultsOf,
  deps: ResultsDeps,
): Promise<readonly NewResult[]> {
  const items = await deps.books.findItems(of.batch, [...lines.keys()]);
  const results: NewResult[] = [];
  for (const item of items) {
    const line = lines.get(item.customId);
    if (line !== undefined) results.push(await toResult(line, item, of, deps));
  }
  return results;
}

async function toResult(
  line: BatchLineResult,
  item: OpenItem,
  { batch, part, signal }: ResultsOf,
  { means, clock, log }: Pick<RunDeps, 'means' | 'clock' | 'log'>,
): Promise<NewResult> {
  const catalogue = means.catalogue();
  const id = `${batch}/${item.number}`;
  const call = restoreCall(item.context, { id, startedAt: part.since, signal, catalogue });
  const { customId } = item;
  let response: MessageResponse;
  try {
    response = await line.answer(call);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    // One answer that this program cannot read is no reason to have none of the others.
    if (error.reason === 'INTERNAL') log.error({ batch, item: customId, err: thrown }, UNREAD);
    return { customId, result: storeResult({ error }), succeeded: false };
  }
  const { usage: told } = response;
  const usage = told.estimated ? estimatedUsage(item.inputTokens, told.outputTokens) : told;
  const billing = {
    serviceTier: response.serviceTier,
    at: part.since,
    catalogueVersion: catalogue.version,
    batch: true,
  };
  const cost = means.costs.trackingEnabled ? attemptCost(call, usage, billing) : undefined;
  const whole = { ...response, usage, ...(cost && { cost }) };
  return {
    customId,
    result: storeResult({ response: whole }),
    succeeded: true,
    usage,
    ...(cost && {
      cost,
      record: {
        callId: id,
        traceId: '',
        attempt: 1,
        upstream: part.upstream,
        model: part.modelId,
        userId: item.userId,
        projectId: item.projectId,
        usage,
        cost,
        serviceTier: SERVICE_TIER,
        outcome: 'completed',
        startedAt: part.since,
        endedAt: clock.now(),
      },
    }),
  };
}

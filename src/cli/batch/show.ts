import {
  Batch,
  BatchExecution,
  BatchState,
  StreamBatchResultsResponse,
} from '../../gen/tamma/provider/v1/batch_provider.ts';
import { type Cli, CliError } from '../cli.ts';
import type { BatchOptions, ListOptions, ResultsOptions } from '../commands/batch.ts';
import { type Fact, Printer } from '../print/printer.ts';
import { messageJson } from '../print/proto-json.ts';
import { count, dollars, moment, named } from '../print/words.ts';
import { withBatches } from './with-batches.ts';

const HEADS = ['BATCH', 'NAME', 'STATE', 'ITEMS', 'DONE', 'FAILED', 'COST', 'TAKEN', 'EXPIRES'];

/** The most of one page. */
const PAGE = 1_000;

export async function showBatch(id: string, options: BatchOptions, cli: Cli): Promise<void> {
  const { batch } = await withBatches(options, cli, (sidecar, rpc) =>
    sidecar.getBatch({ batchId: id }, rpc),
  );
  await print(batch, options, cli);
}

export async function cancelBatch(id: string, options: BatchOptions, cli: Cli): Promise<void> {
  const { batch } = await withBatches(options, cli, (sidecar, rpc) =>
    sidecar.cancelBatch({ batchId: id }, rpc),
  );
  await print(batch, options, cli);
}

export async function listBatches(options: ListOptions, cli: Cli): Promise<void> {
  const batches = await withBatches(options, cli, async (sidecar, rpc) => {
    const found: Batch[] = [];
    let pageToken = '';
    do {
      const pageSize = Math.min(options.limit - found.length, PAGE);
      const request = { pageSize, pageToken, state: stateOf(options) };
      const page = await sidecar.listBatches(request, rpc);
      found.push(...page.batches);
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && found.length < options.limit);
    return found;
  });
  const printer = new Printer(cli);
  if (!options.json) return printer.table(HEADS, batches.map(row));
  for (const batch of batches) await printer.line(messageJson('Batch', Batch, batch));
}

/** Writes the results, each in a line. */
export function writeResults(id: string, options: ResultsOptions, cli: Cli): Promise<void> {
  const printer = new Printer(cli);
  const { after, wait = false } = options;
  const request = { batchId: id, afterSequence: BigInt(after), wait };
  return withBatches(options, cli, async (sidecar, rpc) => {
    for await (const result of sidecar.streamBatchResults(request, rpc)) {
      await printer.line(
        messageJson('StreamBatchResultsResponse', StreamBatchResultsResponse, result),
      );
    }
  });
}

function stateOf({ state }: ListOptions): BatchState {
  const found = Object.entries(BatchState).find(([name]) => name.toLowerCase() === state);
  return found?.[1] ?? BatchState.UNSPECIFIED;
}

async function print(batch: Batch | undefined, options: BatchOptions, cli: Cli): Promise<void> {
  if (batch === undefined) throw new CliError('failed', 'the sidecar told no batch');
  const printer = new Printer(cli);
  if (options.json) return printer.document(messageJson('Batch', Batch, batch));
  const { counts, usage } = batch;
  const facts: readonly Fact[] = [
    ['name', batch.displayName],
    ['state', named(BatchState, batch.state)],
    ['worked off', named(BatchExecution, batch.execution)],
    [
      'items',
      counts === undefined
        ? ''
        : `${count(counts.completed)} done, ${count(counts.failed)} failed, of ${count(counts.total)}`,
    ],
    [
      'tokens',
      usage === undefined ? '' : `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`,
    ],
    ['cost', dollars(batch.cost)],
    ['taken', moment(batch.createTime)],
    ['ended', moment(batch.finishTime)],
    ['expires', moment(batch.expireTime)],
    ['at the upstream', batch.upstreamBatchIds.join(', ')],
    ...batch.problems.map((problem) => ['problem', problem] as const),
  ];
  return printer.facts([printer.bold(batch.id)], facts);
}

function row(batch: Batch): string[] {
  const { counts } = batch;
  return [
    batch.id,
    batch.displayName,
    named(BatchState, batch.state),
    count(counts?.total ?? 0n),
    count(counts?.completed ?? 0n),
    count(counts?.failed ?? 0n),
    dollars(batch.cost),
    moment(batch.createTime),
    moment(batch.expireTime),
  ];
}

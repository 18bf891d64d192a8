import { type Command, Option } from 'commander';
import { DAY, MINUTE } from '../../config/units.ts';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';
import { metadataOption } from '../options.ts';
import { durationUpTo, readNumber } from '../values.ts';

/** Of every subcommand: whose batches. */
export interface BatchOptions extends ConnectionOptions {
  readonly project?: string;
}

export interface CreateOptions extends BatchOptions {
  readonly name?: string;
  readonly idempotencyKey?: string;
  readonly execution?: (typeof EXECUTIONS)[number];
  /** In ms. */
  readonly window?: number;
  readonly maxCost?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly validateOnly?: boolean;
}

export interface ResultsOptions extends BatchOptions {
  readonly after: number;
  readonly wait?: boolean;
}

export interface ListOptions extends BatchOptions {
  readonly state?: (typeof STATES)[number];
  readonly limit: number;
}

const EXECUTIONS = ['upstream', 'local'] as const;
const STATES = [
  'queued',
  'running',
  'completed',
  'partial',
  'failed',
  'cancelling',
  'cancelled',
  'expired',
] as const;

/** To take a batch of many requests, in ms. */
const UPLOAD_MS = 3_600_000;

export function register(command: Command, cli: Cli): void {
  command.description(
    'Batches: many requests that nobody waits for, at half the price where the upstream sells them. They need a sidecar with a dataDir.',
  );
  command.helpCommand(false);
  create(command, cli);
  status(command, cli);
  results(command, cli);
  cancel(command, cli);
  list(command, cli);
  explain(command, {
    examples: [
      ['batch create requests.jsonl', 'Prints the id of the batch'],
      ['batch results ID --wait > results.jsonl', 'Everything, as it comes, until it has ended'],
    ],
    exits: ['unreachable', 'refused', 'notFound', 'tryLater'],
  });
}

function create(batch: Command, cli: Cli): void {
  const command = batch
    .command('create')
    .summary('take a batch from a file of JSON Lines')
    .description(
      'Take a batch. Each line of the file is a BatchItem: {"customId": "a", "request": {"messages": [{"role": "ROLE_USER", "content": "Say hello"}]}}. If one is wrong none is taken, and all problems are told.',
    )
    .argument('<file>', 'JSON Lines; -: standard input')
    .option('--name <name>', 'for people')
    .option('--idempotency-key <key>', 'the same key gives the same batch')
    .addOption(
      new Option(
        '--execution <how>',
        'by the API for batches, or as single calls; default: as each item can',
      ).choices(EXECUTIONS),
    )
    .option(
      '--window <duration>',
      'how long it may take, 1s to 30d; default: 24h',
      durationUpTo(30 * DAY),
    )
    .option('--max-cost <dollars>', 'refuse it if it could cost more')
    .addOption(metadataOption())
    .option('--validate-only', 'tell the problems, and take nothing');
  addOptions(command, 'one JSON document, Batch', UPLOAD_MS);
  command.action(async (file: string, options: CreateOptions) => {
    const { createBatch } = await import('../batch/create.ts');
    await createBatch(file, options, cli);
  });
}

function status(batch: Command, cli: Cli): void {
  const command = batch.command('status').summary('say how far a batch is').argument('<id>');
  addOptions(command, 'one JSON document, Batch', MINUTE);
  command.action(async (id: string, options: BatchOptions) => {
    const { showBatch } = await import('../batch/show.ts');
    await showBatch(id, options, cli);
  });
}

function results(batch: Command, cli: Cli): void {
  const command = batch
    .command('results')
    .summary('write the results, in the order in which they came')
    .description(
      'Write the results, in the order in which they came: JSON Lines, StreamBatchResultsResponse.',
    )
    .argument('<id>')
    .option('--after <sequence>', 'go on behind this one', readSequence, 0)
    .option('--wait', 'stay until the batch has ended');
  addOptions(command, 'JSON Lines, as it does anyway');
  command.action(async (id: string, options: ResultsOptions) => {
    const { writeResults } = await import('../batch/show.ts');
    await writeResults(id, options, cli);
  });
}

function cancel(batch: Command, cli: Cli): void {
  const command = batch
    .command('cancel')
    .summary('stop a batch; what is done is kept and billed')
    .argument('<id>');
  addOptions(command, 'one JSON document, Batch', MINUTE);
  command.action(async (id: string, options: BatchOptions) => {
    const { cancelBatch } = await import('../batch/show.ts');
    await cancelBatch(id, options, cli);
  });
}

function list(batch: Command, cli: Cli): void {
  const command = batch
    .command('list')
    .summary('list batches, newest first')
    .addOption(new Option('--state <state>', 'only those in it').choices(STATES))
    .option('--limit <number>', 'most of them', readNumber, 100);
  addOptions(command, 'JSON Lines of Batch', MINUTE);
  command.action(async (options: ListOptions) => {
    const { listBatches } = await import('../batch/show.ts');
    await listBatches(options, cli);
  });
}

function addOptions(command: Command, json: string, timeoutMs?: number): void {
  command.option('--project <id>', 'whose batches; default: all, or those of the token');
  addConnectionOptions(command, { json, ...(timeoutMs !== undefined && { timeoutMs }) });
}

/** 0, as a program has it that has no result yet, or what `readNumber` reads. */
function readSequence(text: string): number {
  return /^0+$/.test(text) ? 0 : readNumber(text);
}

import {
  GetUsageResponse,
  UsageDimension,
  type UsageRow,
} from '../../gen/tamma/provider/v1/usage_provider.ts';
import { type Cli, CliError } from '../cli.ts';
import type { Dimension, UsageOptions } from '../commands/usage.ts';
import { withSidecar } from '../connection/sidecar.ts';
import { Printer } from '../print/printer.ts';
import { count, dollars } from '../print/words.ts';

/** Each with the value of the contract, and its label in a row. */
const DIMENSION = {
  model: { value: UsageDimension.MODEL, label: 'model' },
  user: { value: UsageDimension.USER, label: 'userId' },
  project: { value: UsageDimension.PROJECT, label: 'projectId' },
  outcome: { value: UsageDimension.OUTCOME, label: 'outcome' },
  target: { value: UsageDimension.TARGET, label: 'target' },
  day: { value: UsageDimension.DAY, label: 'day' },
} as const satisfies Record<Dimension, { value: UsageDimension; label: keyof UsageRow }>;

const HEADS = ['ATTEMPTS', 'INPUT', 'CACHED', 'OUTPUT', 'REASONING', 'COST'];

/** Asks for the sums, and prints them. */
export async function showUsage(options: UsageOptions, cli: Cli): Promise<void> {
  const { by, from, until, model = '', user = '', project = '' } = options;
  if (from !== undefined && until !== undefined && from >= until) {
    throw new CliError('usage', '--until must be after --from');
  }
  const request = {
    groupBy: by.map((dimension) => DIMENSION[dimension].value),
    ...(from !== undefined && { startTime: timestamp(from) }),
    ...(until !== undefined && { endTime: timestamp(until) }),
    model,
    userId: user,
    projectId: project,
  };
  const response = await withSidecar(options, cli, (sidecar, rpc) =>
    sidecar.getUsage(request, rpc),
  );
  const printer = new Printer(cli);
  if (options.json) {
    const { messageJson } = await import('../print/proto-json.ts');
    await printer.document(messageJson('GetUsageResponse', GetUsageResponse, response));
  } else await draw(response, by, printer);
}

async function draw(
  { rows, total, truncated, partial }: GetUsageResponse,
  by: readonly Dimension[],
  printer: Printer,
): Promise<void> {
  const labels = by.map((dimension) => DIMENSION[dimension].label);
  const lines =
    by.length === 0
      ? []
      : rows.map((row) => [...labels.map((label) => row[label] || '-'), ...cells(row)]);
  const totals =
    total === undefined
      ? []
      : [[...labels.map((_, i) => (i === 0 ? 'total' : '')), ...cells(total)]];
  await printer.table(
    [...by.map((dimension) => dimension.toUpperCase()), ...HEADS],
    [...lines, ...totals],
  );
  if (truncated) await printer.text('There are more rows; the total is over all.\n');
  if (partial) await printer.text('Some of what was used is missing: it could not be read.\n');
}

function cells(row: UsageRow): string[] {
  return [
    count(row.attempts),
    count(row.inputTokens),
    count(row.cacheReadTokens),
    count(row.outputTokens),
    count(row.reasoningTokens),
    dollars(row.cost),
  ];
}

function timestamp(epochMs: number) {
  const seconds = Math.floor(epochMs / 1_000);
  return { seconds: BigInt(seconds), nanos: (epochMs - seconds * 1_000) * 1e6 };
}

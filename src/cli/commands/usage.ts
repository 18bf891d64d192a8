import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';
import { timeOption } from '../times.ts';

/** By what usage is told apart, as one writes it. */
export const DIMENSIONS = ['model', 'user', 'project', 'outcome', 'target', 'day'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface UsageOptions extends ConnectionOptions {
  readonly by: readonly Dimension[];
  /** Epoch ms. */
  readonly from?: number;
  readonly until?: number;
  readonly model?: string;
  readonly user?: string;
  readonly project?: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .description('Say what was used and spent, as the ledger of a running sidecar has it.')
    .addOption(
      new Option('--by <dimensions>', `of ${DIMENSIONS.join(', ')}, comma-separated`)
        .argParser(readDimensions)
        .default([], 'none, the total'),
    )
    .addOption(timeOption('--from <time>', 'only attempts that ended at or after it'))
    .addOption(timeOption('--until <time>', 'only attempts that ended before it'))
    .option('--model <id>', 'only this model')
    .option('--user <id>', 'only this user')
    .option('--project <id>', 'only this project')
    .action(async (options: UsageOptions) => {
      const { showUsage } = await import('../usage/show.ts');
      await showUsage(options, cli);
    });
  addConnectionOptions(command, {
    json: 'one JSON document, GetUsageResponse',
    timeoutMs: 60_000,
  });
  explain(command, {
    examples: [
      ['usage --by model', 'Since the beginning, by model'],
      ['usage --by user,day --from 2026-11-01', 'Of this month, by user and day'],
    ],
    exits: ['unreachable', 'refused', 'tryLater'],
  });
}

function readDimensions(text: string): readonly Dimension[] {
  const words = text.split(',').map((word) => word.trim());
  return words.map((word) => {
    const dimension = DIMENSIONS.find((one) => one === word);
    if (dimension === undefined) {
      throw new InvalidArgumentError(`Allowed are ${DIMENSIONS.join(', ')}.`);
    }
    return dimension;
  });
}

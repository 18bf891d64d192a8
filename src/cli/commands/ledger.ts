import { type Command, Option } from 'commander';
import type { Cli } from '../cli.ts';
import { explain } from '../help.ts';
import { configOption, jsonOption } from '../options.ts';
import { timeOption } from '../times.ts';

interface Options {
  readonly format: 'jsonl' | 'csv';
  readonly from?: number;
  readonly until?: number;
  readonly directory?: string;
  readonly config?: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Write the records of the ledger to standard output, in order of their end. A sidecar may be running.',
    )
    .addOption(new Option('--format <format>', 'how').choices(['jsonl', 'csv']).default('jsonl'))
    .addOption(jsonOption('JSON Lines, as it does anyway').implies({ format: 'jsonl' }))
    .addOption(timeOption('--from <time>', 'only attempts that ended at or after it'))
    .addOption(timeOption('--until <time>', 'only attempts that ended before it'))
    .option(
      '--directory <path>',
      'of the ledger; default: TAMMA_DATA_DIR, else dataDir in the configuration file',
    )
    .addOption(configOption())
    .action(async ({ format, from, until, ...places }: Options) => {
      const { exportLedger } = await import('../ledger/export-ledger.ts');
      const range = { ...(from !== undefined && { from }), ...(until !== undefined && { until }) };
      await exportLedger({ format, range, ...places }, cli);
    });
  explain(command, {
    examples: [
      ['ledger --directory /var/lib/tamma/ledger', 'Everything, as JSON Lines'],
      ['ledger --format csv --from 2026-11-01 --until 2026-12-01', 'A month, for a spreadsheet'],
    ],
  });
}

import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { explain } from '../help.ts';
import { configOption, jsonOption } from '../options.ts';
import { readConfig } from '../read-config.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Print the effective configuration as a configuration file, with its revision, and with where each secret is in place of the secret. Every problem is told at once, each in a line of standard error.',
    )
    .addOption(configOption())
    .addOption(jsonOption('one JSON document: revision and config'))
    .action(async (options: Options) => {
      cli.exitCode = await printConfig(options, cli);
    });
  explain(command, {
    examples: [['check-config --config config.yaml', 'Before it is rolled out']],
  });
}

/** Resolves with the exit code. */
export async function printConfig({ config: path, json }: Options, cli: Cli): Promise<number> {
  const config = await readConfig(cli, path);
  const { configRevision, describeConfig } = await import('../../config/describe.ts');
  const text = describeConfig(config);
  if (json) {
    const { parse } = await import('yaml');
    const document = { revision: configRevision(config), config: parse(text) };
    cli.host.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else cli.host.stdout.write(text);
  return EXIT.ok;
}

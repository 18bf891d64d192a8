import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { namesOf } from '../../core/names-of.ts';
import { type Cli, CliError } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { say } from '../harmless.ts';
import { explain } from '../help.ts';
import { configOption, jsonOption } from '../options.ts';
import { write } from '../output.ts';
import { readConfig, tellProblems } from '../read-config.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Print the effective configuration as a configuration file, with its revision, and with where each secret is in place of the secret. Every problem is told at once, each in a line of standard error, and so is what is allowed and most likely not meant, as a warning.',
    )
    .addOption(configOption())
    .addOption(
      jsonOption(
        'one JSON document: revision, config and warnings; or, on standard error, problems',
      ),
    )
    .action(async (options: Options) => {
      cli.exitCode = await printConfig(options, cli);
    });
  explain(command, {
    examples: [['check-config --config config.yaml', 'Before it is rolled out']],
  });
}

/** Resolves with the exit code. */
export async function printConfig({ config: path, json }: Options, cli: Cli): Promise<number> {
  const { stdout, stderr } = cli.host;
  const tell = (problems: readonly ConfigProblem[]): void => {
    if (json) say(stderr, JSON.stringify({ problems }));
    else tellProblems(cli, problems);
  };
  const config = await readConfig(cli, path, { tell });
  const warnings = await allWarnings(config, tell);
  const { configRevision, describeConfig } = await import('../../config/describe.ts');
  const text = describeConfig(config);
  if (json) {
    const { parse } = namesOf(await import('yaml'));
    const document = { revision: configRevision(config), config: parse(text), warnings };
    await write(stdout, `${JSON.stringify(document, null, 2)}\n`);
  } else {
    await write(stdout, text);
    for (const warning of warnings) say(stderr, `warning: ${warning}`);
  }
  return EXIT.ok;
}

/** With what only the machine knows that is to run with it, which this one may be. @throws CliError */
async function allWarnings(
  config: Config,
  tell: (problems: readonly ConfigProblem[]) => void,
): Promise<readonly string[]> {
  const { warningsOf } = await import('../../warnings.ts');
  const { problemsIn } = await import('../../config-problems.ts');
  const { machineWarnings } = await import('../check-config/machine.ts');
  try {
    return [...warningsOf(config), ...machineWarnings(config)];
  } catch (error) {
    tell(problemsIn(error));
    throw new CliError('usage');
  }
}

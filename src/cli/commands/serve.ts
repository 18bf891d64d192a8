import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { explain } from '../help.ts';
import { configOption } from '../options.ts';
import { readConfig } from '../read-config.ts';
import { type ServedApp, serve, startFailed } from '../serve.ts';

interface Options {
  readonly config?: string;
  readonly checkConfig?: boolean;
  readonly pretty?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Run the sidecar. It prints `listening on ADDRESS` for each listener, logs to standard error, and drains when it is told to stop.',
    )
    .addOption(configOption())
    .option('--check-config', 'print the effective configuration, and exit: check-config')
    .option('--pretty', 'log for people, not as JSON')
    .action(async (options: Options) => {
      cli.exitCode = await run(options, cli);
    });
  explain(command, {
    examples: [
      ['serve', 'With defaults; OPENAI_API_KEY has the key'],
      ['serve --config config.yaml --pretty', 'With a configuration file, and a log for people'],
    ],
    exits: ['lost'],
  });
}

async function run({ config: path, checkConfig, pretty = false }: Options, cli: Cli) {
  if (checkConfig) {
    const { printConfig } = await import('./check-config.ts');
    return printConfig({ ...(path !== undefined && { config: path }) }, cli);
  }
  const config = await readConfig(cli, path);
  let app: ServedApp;
  try {
    app = await cli.createApp(config, pretty, path);
  } catch (error) {
    const { startProblem } = await import('../../config-problems.ts');
    return startFailed(startProblem(error), cli.host);
  }
  return serve(app, cli.host);
}

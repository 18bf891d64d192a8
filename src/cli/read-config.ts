import type { Config } from '../config/schema.ts';
import { type Cli, CliError } from './cli.ts';

/**
 * The effective configuration, as the sidecar would run with it.
 *
 * @param configPath of the YAML file; default: the one TAMMA_CONFIG names, else none
 * @throws CliError once every problem was told, each in a line
 */
export async function readConfig(cli: Cli, configPath: string | undefined): Promise<Config> {
  const { environment, readFile, host } = cli;
  const { loadConfig } = await import('../config/load.ts');
  const { ConfigError } = await import('../config/problems.ts');
  try {
    return loadConfig({
      environment,
      readFile,
      ...(configPath === undefined ? {} : { configPath }),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, message } of error.problems) {
      host.stderr.write(`configuration: ${path}: ${message}\n`);
    }
    throw new CliError('usage');
  }
}

import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/problems.ts';
import { type Cli, CliError } from './cli.ts';
import { say } from './harmless.ts';

interface ReadOptions {
  /** Is told every problem. Default: each in a line. */
  readonly tell?: (problems: readonly ConfigProblem[]) => void;
  /** See ConfigSources. */
  readonly asksUpstreams?: boolean;
}

/**
 * The effective configuration, as the sidecar would run with it.
 *
 * @param configPath of the YAML file; default: the one TAMMA_CONFIG names, else none
 * @throws CliError once every problem was told
 */
export async function readConfig(
  cli: Cli,
  configPath: string | undefined,
  { tell = (problems) => tellProblems(cli, problems), asksUpstreams = true }: ReadOptions = {},
): Promise<Config> {
  const { environment, readFile } = cli;
  const { loadConfig } = await import('../config/load.ts');
  const { ConfigError } = await import('../config/problems.ts');
  try {
    return loadConfig({
      environment,
      readFile,
      asksUpstreams,
      ...(configPath === undefined ? {} : { configPath }),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tell(error.problems);
    throw new CliError('usage');
  }
}

/** Each in a line. */
export function tellProblems({ host }: Cli, problems: readonly ConfigProblem[]): void {
  for (const { path, message } of problems) {
    say(host.stderr, `configuration: ${path}: ${message.replaceAll(/\s+/g, ' ')}`);
  }
}

import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import type { ReadFile } from '../config/files.ts';
import type { Exit } from './exit-codes.ts';
import type { Host, ServedApp } from './serve.ts';

/** What subcommands are given of the process and of the program. */
export interface Cli {
  readonly host: Host;
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** Of the package: what package.json lies in. */
  readonly packageRoot: URL;
  /** Of this program, semver. */
  readonly version: string;
  /** @param configPath of the file that the configuration is read from again. Default: as for readConfig */
  readonly createApp: (
    config: Config,
    pretty: boolean,
    configPath?: string,
  ) => ServedApp | Promise<ServedApp>;
  /** With which the process ends if nothing is thrown. At first 0. */
  exitCode: number;
}

/** Ends a subcommand with an exit code and a sentence on standard error. */
export class CliError extends Error {
  readonly exit: Exit;

  /** @param message empty: everything was said already */
  constructor(exit: Exit, message = '') {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}

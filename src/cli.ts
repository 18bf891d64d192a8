import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { Environment } from './config/environment.ts';
import type { ReadFile } from './config/files.ts';
import type { Config } from './config/schema.ts';
import { type Host, type Sidecar, serve, startFailed } from './serve.ts';

export interface CommandLine {
  /** Without interpreter and script. */
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** Of this program, semver. */
  readonly version: string;
  readonly createApp: (config: Config, pretty: boolean) => Sidecar | Promise<Sidecar>;
  /** Standard output, for what is too long to be written at once. */
  readonly output: Writable;
}

const USAGE = `Usage: tamma-provider-openai [--config PATH] [--check-config] [--pretty]
       tamma-provider-openai ledger [--help]
       tamma-provider-openai forget [--help]
       tamma-provider-openai protos --out DIRECTORY

  --config PATH   configuration file (YAML); default: the one TAMMA_CONFIG names, else none
  --check-config  print the effective configuration without secrets, and exit
  --pretty        log for people, not as JSON
  --version       print the version, and exit
  --help          print this, and exit

  ledger          write the records of the ledger to standard output, and exit
  forget          erase a user or project from what is kept, and exit
  protos          write the contract, for stubs and grpcurl, to a directory, and exit

OPENAI_API_KEY alone is enough to run.
`;

/** Exit code if the command line or the configuration is wrong. */
const EXIT_USAGE = 2;

/**
 * Does what the command line says, and loads no more than that needs: the version is told at once.
 * Resolves with the exit code: 0, EXIT_USAGE, or that of serve.
 */
export async function run(commandLine: CommandLine, host: Host): Promise<number> {
  const [subcommand, ...argv] = commandLine.argv;
  if (subcommand === 'ledger') {
    const { exportLedger } = await import('./ledger-command.ts');
    return exportLedger({ ...commandLine, argv }, host.stderr);
  }
  if (subcommand === 'forget') {
    const { forget } = await import('./forget-command.ts');
    return forget({ ...commandLine, argv }, host);
  }
  if (subcommand === 'protos') {
    const { writeProtos } = await import('./protos-command.ts');
    return writeProtos(argv, host.stdout, host.stderr);
  }
  const options = readOptions(commandLine.argv, host);
  if (options === undefined) return EXIT_USAGE;
  if (options.help) return print(USAGE, host);
  if (options.version) return print(`${commandLine.version}\n`, host);

  const config = await readConfig(commandLine, options.config, host);
  if (config === undefined) return EXIT_USAGE;
  if (options['check-config']) {
    const { describeConfig } = await import('./config/describe.ts');
    return print(describeConfig(config), host);
  }

  let app: Sidecar;
  try {
    app = await commandLine.createApp(config, options.pretty);
  } catch (error) {
    return startFailed(error, host);
  }
  return serve(app, host);
}

function readOptions(argv: readonly string[], host: Host) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        'check-config': { type: 'boolean', default: false },
        pretty: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.config === '') throw new TypeError("Option '--config <value>' names no file");
    return values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    host.stderr.write(`${message}\n\n${USAGE}`);
    return undefined;
  }
}

async function readConfig(
  { environment, readFile }: CommandLine,
  configPath: string | undefined,
  host: Host,
): Promise<Config | undefined> {
  const { loadConfig } = await import('./config/load.ts');
  const { ConfigError } = await import('./config/problems.ts');
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
    return undefined;
  }
}

function print(text: string, host: Host): number {
  host.stdout.write(text);
  return 0;
}

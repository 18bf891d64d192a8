import { CommanderError } from 'commander';
import { suggest } from '../config/suggest.ts';
import { type Cli, CliError } from './cli.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import { say } from './harmless.ts';
import { PROGRAM } from './help.ts';
import { flushed, isBrokenPipe, readerLeft } from './output.ts';
import { createProgram } from './program.ts';
import type { Host } from './serve.ts';

export interface CommandLine extends Omit<Cli, 'host' | 'exitCode'> {
  /** Without interpreter and script. */
  readonly argv: readonly string[];
}

/**
 * Does what the command line says, and loads no more than that needs: version and help are told at
 * once. Resolves with the exit code, see EXIT.
 */
export async function run({ argv, ...given }: CommandLine, host: Host): Promise<number> {
  const cli: Cli = { ...given, host, exitCode: EXIT.ok };
  let name: string = PROGRAM;
  const left = Promise.withResolvers<void>();
  const program = createProgram(cli, (command) => {
    if (name === PROGRAM) {
      // A sidecar goes on without a reader of its addresses, or room for them.
      if (command === DEFAULT_COMMAND) host.stdout.on('error', () => {});
      else left.resolve(readerLeft(host.stdout));
    }
    name = command;
  });
  try {
    const done = program.parseAsync([...withoutHelpCommand(argv)], { from: 'user' });
    const told = done.then(() => (name === DEFAULT_COMMAND ? undefined : flushed(host.stdout)));
    await Promise.race([told, left.promise]);
    return cli.exitCode;
  } catch (error) {
    if (isBrokenPipe(error)) return cli.exitCode;
    if (error instanceof CommanderError) return refuse(error, name, host);
    if (!(error instanceof CliError)) throw error;
    if (error.message !== '') say(host.stderr, `${name}: ${error.message}`);
    return EXIT[error.exit];
  }
}

/** `help batch` is `batch --help`. @throws CliError if the first word is no command */
function withoutHelpCommand(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first === 'help') return [...withoutHelpCommand(rest), '--help'];
  if (first === undefined || first.startsWith('-')) return argv;
  const names = Object.values(COMMANDS).flatMap(Object.keys);
  if (names.includes(first)) return argv;
  const meant = suggest(first, names);
  const hint = meant === undefined ? '' : `, perhaps ${meant} is meant`;
  throw new CliError('usage', `there is no command '${first}'${hint}; see --help`);
}

/** Help and version end this way, too. */
function refuse({ exitCode, code, message }: CommanderError, name: string, host: Host): number {
  if (exitCode === 0) return EXIT.ok;
  if (code !== 'commander.help') {
    const said = message
      .replace(/^error: /, '')
      .replaceAll('\n', ' ')
      .replace(/\.$/, '');
    const where = name === PROGRAM ? '--help' : `${name} --help`;
    say(host.stderr, `${name}: ${said}; see ${where}`);
  }
  return EXIT.usage;
}

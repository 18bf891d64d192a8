import type { Command, OutputConfiguration } from 'commander';
import type { Cli } from './cli.ts';
import { colours } from './colours.ts';
import { type Exit, exitCodes } from './exit-codes.ts';

export const PROGRAM = 'tamma-provider-openai';

/** What help says of a command behind its options. */
export interface Explained {
  /** Command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [commandLine: string, what: string])[];
  /** Those it can end with, beside `ok`, `failed` and `usage`. */
  readonly exits?: readonly Exit[];
}

/** Adds examples and exit codes to the help of a command. */
export function explain(command: Command, { examples, exits = [] }: Explained): Command {
  const codes = exitCodes(['ok', 'failed', 'usage', ...exits]).map(([code]) => code);
  return command
    .addHelpText('after', () => `\n${heading(command, 'Examples:')}\n${exampleList(examples)}`)
    .addHelpText(
      'after',
      `\nExit codes: ${codes.join(', ')}; \`${PROGRAM} --help\` says what they mean.`,
    );
}

/** As lines of `  $ program …`, each under a comment. */
export function exampleList(examples: Explained['examples']): string {
  return examples
    .map(([line, what]) => `  # ${what}\n  $ ${[PROGRAM, line].join(' ').trim()}`)
    .join('\n');
}

/** In the style of the other headings. */
export function heading(command: Command, text: string): string {
  return command.createHelp().styleTitle(text);
}

/** For the whole program: titles in bold, and where help and complaints go. */
export function outputOf({ host, environment }: Cli): OutputConfiguration {
  return {
    writeOut: (text) => host.stdout.write(text),
    writeErr: (text) => host.stderr.write(text),
    getOutHelpWidth: () => width(host.stdout),
    getErrHelpWidth: () => width(host.stderr),
    getOutHasColors: () => colours(host.stdout, environment),
    getErrHasColors: () => colours(host.stderr, environment),
    outputError: () => {
      // Told by run(), which knows of which command it is.
    },
  };
}

/** Of a terminal; elsewhere what fits most screens. */
function width({ columns = 100 }: { readonly columns?: number }): number {
  return Math.min(columns, 120);
}

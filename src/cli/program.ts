import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { exampleList, heading, outputOf, PROGRAM } from './help.ts';

const DESCRIPTION = `The OpenAI provider of the Tamma platform: a gRPC sidecar, and what one asks it with.
OPENAI_API_KEY alone is enough to run it.`;

/**
 * The program with the names of all its subcommands; what else there is of one is loaded when it runs.
 *
 * @param onCommand is told the name of the subcommand, before it reads its arguments, and then of the one below it
 */
export function createProgram(cli: Cli, onCommand: (name: string) => void): Command {
  const program = new Command(PROGRAM)
    .usage('[command] [options]')
    .description(DESCRIPTION)
    .version(cli.version, '--version', 'print the version, and exit')
    .helpOption('-h, --help', 'print the help of the program or of a command, and exit')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(outputOf(cli))
    .configureHelp({ subcommandTerm: (command) => command.name(), styleTitle: bold });
  const all = new Map(Object.values(COMMANDS).flatMap((group) => Object.entries(group)));
  for (const [group, commands] of Object.entries(COMMANDS)) {
    for (const [name, { summary }] of Object.entries(commands)) {
      program
        .command(name, { isDefault: name === DEFAULT_COMMAND })
        .summary(summary)
        .description(`${capitalised(summary)}.`)
        .helpGroup(group);
    }
  }
  program.hook('preSubcommand', async (_, command) => {
    onCommand(command.name());
    const loaded = await all.get(command.name())?.load();
    loaded?.register(command, cli);
    command.hook('preSubcommand', (_, below) => onCommand(`${command.name()} ${below.name()}`));
  });
  return program.addHelpText('after', () => `\n${epilogue(program)}`);
}

function epilogue(program: Command): string {
  const examples = exampleList([
    ['', 'Run the sidecar with defaults: only a key is needed'],
    ['--config config.yaml', 'Run it with a configuration file; options of serve need no name'],
  ]);
  const codes = exitCodes().map(([code, meaning]) => {
    const item = program.createHelp();
    item.helpWidth = 100;
    return item.formatItem(String(code), 3, meaning, item);
  });
  return [
    heading(program, 'Examples:'),
    examples,
    '',
    heading(program, 'Exit codes:'),
    ...codes,
  ].join('\n');
}

function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

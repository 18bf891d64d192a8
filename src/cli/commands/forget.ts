import type { Command } from 'commander';
import type { Forgotten } from '../../money/ledger/eraser.ts';
import { type Cli, CliError } from '../cli.ts';
import { explain } from '../help.ts';
import { configOption, jsonOption } from '../options.ts';
import { readConfig } from '../read-config.ts';

interface Options {
  readonly user?: string;
  readonly project?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .usage('(--user ID | --project ID) [options]')
    .description(
      'Erase a user or project from the data directory and the shared store of the configuration. What was spent stays, as spent by nobody; batches with a request of it are deleted as a whole, and so are all answers of the response cache. The sidecars that use the directory or the store must be stopped. Needs no API key.',
    )
    .option('--user <id>', 'as calls name it in user_id of their metadata')
    .option('--project <id>', 'as calls name it in project_id of their metadata')
    .addOption(configOption())
    .addOption(jsonOption('one JSON document: what was erased, by place'))
    .action((options: Options) => forget(options, cli));
  explain(command, {
    examples: [
      ['forget --user ada --config config.yaml', 'A user, from what that configuration keeps'],
    ],
  });
}

async function forget(options: Options, cli: Cli): Promise<void> {
  const forgotten = readForgotten(options);
  const config = await readConfig(cli, options.config, { asksUpstreams: false });
  const { eraseFrom, inWords } = await import('../forget/erase.ts');
  const erased = await eraseFrom(config, forgotten);
  cli.host.stdout.write(
    options.json ? `${JSON.stringify(erased, null, 2)}\n` : `${inWords(erased)}\n`,
  );
}

function readForgotten({ user, project }: Options): Forgotten {
  // Calls without a user or project are nobody's, and cannot be told apart.
  if (user && project === undefined) return { kind: 'user', id: user };
  if (project && user === undefined) return { kind: 'project', id: project };
  throw new CliError('usage', 'give either --user or --project, with an id; see forget --help');
}

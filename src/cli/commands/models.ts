import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';

export interface ModelsOptions extends ConnectionOptions {
  readonly available?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'List the models that a running sidecar serves: what they take, what they cost per million tokens, and when they end. With a name, all that is known of that one.',
    )
    .argument('[model]', 'id or alias of one model')
    .option('--available', 'only those that the upstream lists')
    .action(async (model: string | undefined, options: ModelsOptions) => {
      const { showModels } = await import('../models/show.ts');
      await showModels(model, options, cli);
    });
  addConnectionOptions(command, {
    json: 'one JSON document, GetModelsResponse, or ModelInfo of the one that is named',
    timeoutMs: 60_000,
  });
  explain(command, {
    examples: [
      ['models', 'All of them'],
      ['models gpt-5.4', 'Everything about one'],
    ],
    exits: ['unreachable', 'refused', 'notFound', 'tryLater'],
  });
}

import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions, QUICK_MS } from '../connection/options.ts';
import { explain } from '../help.ts';

export interface StatusOptions extends ConnectionOptions {
  readonly watch?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Say what a running sidecar says of itself: whether it can answer, what is wrong, worst first, its targets and models, and the budgets nearest to their limits. The exit code says whether it answered; whether it is ready is asked by probe.',
    )
    .option('--watch', 'again whenever it changes, until the sidecar drains')
    .action(async (options: StatusOptions) => {
      const { showStatus } = await import('../status/show.ts');
      await showStatus(options, cli);
    });
  addConnectionOptions(command, {
    json: 'one JSON document, ProviderStatus; with --watch JSON Lines of it',
    timeoutMs: QUICK_MS,
  });
  explain(command, {
    examples: [
      ['status', 'Of the sidecar of this configuration'],
      ['status --address unix:/run/tamma/provider.sock', 'Over a socket'],
      ['status --json | jq -r .problems[]', 'What is wrong, for a script'],
    ],
    exits: ['unreachable', 'refused', 'tryLater'],
  });
}

import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions, QUICK_MS } from '../connection/options.ts';
import { explain } from '../help.ts';

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Explain a call: its attempts with their times and waits, why it went where it went, and what it cost. A running sidecar remembers its last 1,000, and the last 50 that failed. It is asked at its admin listener.',
    )
    .argument('<id>', "id of the call, of its trace, or the upstream's own request id")
    .action(async (id: string, options: ConnectionOptions) => {
      const { showCall } = await import('../call/show.ts');
      await showCall(id, options, cli);
    });
  addConnectionOptions(command, {
    json: 'one JSON document, that of GET /calls/ID',
    timeoutMs: QUICK_MS,
    door: 'adminListen',
  });
  explain(command, {
    examples: [['call 4bf92f3577b34da6a3ce929d0e0e4736', 'By the id of its trace']],
    exits: ['unreachable', 'refused', 'notFound'],
  });
}

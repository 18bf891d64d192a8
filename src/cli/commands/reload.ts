import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Let a running sidecar read its configuration again and take over what can change while it runs. If any of it is wrong nothing changes, and every problem is told.',
    )
    .action((options: ConnectionOptions) => reload(options, cli));
  addConnectionOptions(command, {
    json: 'one JSON document, ReloadConfigResponse',
    timeoutMs: 60_000,
  });
  explain(command, {
    examples: [['reload', 'After the file was changed']],
    exits: ['unreachable', 'refused', 'tryLater'],
  });
}

async function reload(options: ConnectionOptions, cli: Cli): Promise<void> {
  const { withSidecar } = await import('../connection/sidecar.ts');
  const { Printer } = await import('../print/printer.ts');
  const printer = new Printer(cli);
  const response = await withSidecar(options, cli, (sidecar, rpc) => sidecar.reloadConfig({}, rpc));
  if (options.json) {
    const { ReloadConfigResponse } = await import('../../gen/tamma/provider/v1/provider.ts');
    const { messageJson } = await import('../print/proto-json.ts');
    return printer.document(messageJson('ReloadConfigResponse', ReloadConfigResponse, response));
  }
  const { configRevision, changed, needsRestart } = response;
  const lines = [
    `revision ${configRevision}`,
    ...(changed.length === 0 ? ['nothing changed'] : changed.map((key) => `changed: ${key}`)),
    ...needsRestart.map((key) => `waits for a restart: ${key}`),
  ];
  return printer.text(`${lines.join('\n')}\n`);
}

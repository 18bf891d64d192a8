import {
  ProviderStatus,
  ProviderStatus_State as State,
} from '../../gen/tamma/provider/v1/provider.ts';
import type { Cli } from '../cli.ts';
import type { StatusOptions } from '../commands/status.ts';
import { withSidecar } from '../connection/sidecar.ts';
import { Printer } from '../print/printer.ts';
import { named, several, time } from '../print/words.ts';
import { budgetTable } from './budget-table.ts';
import { modelTable, upstreamTable } from './upstream-tables.ts';

/** Prints the state of a running sidecar, and with --watch each further one. */
export function showStatus({ watch, ...options }: StatusOptions, cli: Cli): Promise<void> {
  const printer = new Printer(cli);
  const json = watch ? 'line' : 'document';
  return withSidecar(options, cli, async (sidecar, rpc) => {
    // Watching lasts as long as somebody looks.
    const states = watch ? sidecar.watchStatus() : [await sidecar.getStatus({}, rpc)];
    for await (const { status } of states) {
      if (status !== undefined) await print(status, options.json ? json : 'text', printer);
    }
  });
}

async function print(status: ProviderStatus, as: 'document' | 'line' | 'text', printer: Printer) {
  if (as === 'text') return draw(status, printer);
  const { messageJson } = await import('../print/proto-json.ts');
  await printer[as](messageJson('ProviderStatus', ProviderStatus, status));
}

async function draw(status: ProviderStatus, printer: Printer): Promise<void> {
  const { ready, problems, upstreams, budgets } = status;
  const word = ready ? printer.good('ready') : printer.bad('not ready');
  const facts = [
    `${status.provider} ${status.version}`,
    named(State, status.state),
    `revision ${status.configRevision}`,
    `up ${time(status.uptime)}`,
    `${several(status.activeCalls, 'call')} running`,
    `load ${Math.round(status.load * 100)}%`,
    ...(status.drainRemaining === undefined ? [] : [`${time(status.drainRemaining)} to drain`]),
  ];
  await printer.text(word, `: ${facts.join(', ')}\n`);
  for (const problem of problems) await printer.text('  ', printer.bad('!'), ` ${problem}\n`);
  await printer.text('\n');
  await upstreamTable(upstreams, printer);
  await modelTable(upstreams, printer);
  if (budgets.length > 0) {
    await printer.text('\n');
    await budgetTable(budgets, printer);
  }
}

import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions, QUICK_MS } from '../connection/options.ts';
import { explain } from '../help.ts';

interface Options extends ConnectionOptions {
  readonly name?: string;
  readonly user?: string;
  readonly project?: string;
  readonly model?: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .description('Say what of each budget is spent, reserved for calls that run, and left.')
    .option('--name <name>', 'only the budget with this name')
    .option('--user <id>', 'of budgets per user, only that of this one')
    .option('--project <id>', 'of budgets per project, only that of this one')
    .option('--model <id>', 'of budgets per model, only that of this one')
    .action((options: Options) => showBudgets(options, cli));
  addConnectionOptions(command, {
    json: 'one JSON document, GetBudgetsResponse',
    timeoutMs: QUICK_MS,
  });
  explain(command, {
    examples: [['budgets --user ada', 'What ada has left']],
    exits: ['unreachable', 'refused', 'tryLater'],
  });
}

async function showBudgets(options: Options, cli: Cli): Promise<void> {
  const { withSidecar } = await import('../connection/sidecar.ts');
  const { Printer } = await import('../print/printer.ts');
  const { name = '', user = '', project = '', model = '' } = options;
  const printer = new Printer(cli);
  const request = { name, userId: user, projectId: project, model };
  const response = await withSidecar(options, cli, (sidecar, rpc) =>
    sidecar.getBudgets(request, rpc),
  );
  if (options.json) {
    const { GetBudgetsResponse } = await import('../../gen/tamma/provider/v1/usage_provider.ts');
    const { messageJson } = await import('../print/proto-json.ts');
    return printer.document(messageJson('GetBudgetsResponse', GetBudgetsResponse, response));
  }
  if (response.budgets.length === 0) {
    const isAny = [name, user, project, model].every((wanted) => wanted === '');
    return printer.text(isAny ? 'There are no budgets.\n' : 'There is no such budget.\n');
  }
  const { budgetTable } = await import('../status/budget-table.ts');
  await budgetTable(response.budgets, printer);
  if (response.truncated) await printer.text('There are more.\n');
}

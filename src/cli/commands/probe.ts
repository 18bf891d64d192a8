import type { Command } from 'commander';
import { type Cli, CliError } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';

interface Options extends ConnectionOptions {
  readonly live?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Say by the exit code whether a running sidecar takes calls, as grpc.health.v1 tells it: for probes, where no port may be open. It is not ready while it drains.',
    )
    .option('--live', 'only whether it answers, drain or not')
    .action((options: Options) => probe(options, cli));
  addConnectionOptions(command, {
    json: 'one JSON document: status, as HealthCheckResponse has it',
    timeoutMs: 1_000,
  });
  explain(command, {
    examples: [
      ['probe --address unix:/run/tamma/provider.sock', 'As an exec probe of Kubernetes'],
      ['probe --live --timeout 5s', 'Whether it is worth a restart'],
    ],
    exits: ['unreachable', 'refused'],
  });
}

async function probe(options: Options, cli: Cli): Promise<void> {
  const { withSidecar } = await import('../connection/sidecar.ts');
  const { HealthCheckResponse_ServingStatus: Serving } = await import(
    '../../gen/grpc/health/v1/health.ts'
  );
  const service = options.live ? 'liveness' : 'readiness';
  const { status } = await withSidecar(options, cli, (sidecar, rpc) =>
    sidecar.checkHealth({ service }, rpc),
  );
  const [name = 'UNKNOWN'] = Object.entries(Serving).find(([, value]) => value === status) ?? [];
  if (options.json) cli.host.stdout.write(`${JSON.stringify({ status: name }, null, 2)}\n`);
  if (status !== Serving.SERVING) throw new CliError('failed', options.json ? '' : name);
  if (!options.json) cli.host.stdout.write(`${name}\n`);
}

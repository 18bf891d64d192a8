import type { Sidecar } from '../../client/connect.ts';
import type { RpcOptions } from '../../client/rpc.ts';
import type { Cli } from '../cli.ts';
import type { BatchOptions } from '../commands/batch.ts';
import { withSidecar } from '../connection/sidecar.ts';

/** Asks a running sidecar for the project whose batches it sees. */
export function withBatches<T>(
  options: BatchOptions,
  cli: Cli,
  ask: (sidecar: Sidecar, rpc: RpcOptions) => Promise<T>,
): Promise<T> {
  const { project } = options;
  const metadata = project === undefined ? {} : { project_id: project };
  return withSidecar(options, cli, (sidecar, rpc) => ask(sidecar, { ...rpc, metadata }));
}

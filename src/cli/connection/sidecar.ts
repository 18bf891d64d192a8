import { type ConnectOptions, connect, type Sidecar } from '../../client/connect.ts';
import type { RpcOptions } from '../../client/rpc.ts';
import { type Cli, CliError } from '../cli.ts';
import { failure } from './failure.ts';
import type { ConnectionOptions } from './options.ts';
import { addressOf, tlsOf, tokenOf } from './way.ts';

/**
 * Asks a running sidecar, and lets go of it.
 *
 * @throws CliError of what the call ended with
 */
export async function withSidecar<T>(
  options: ConnectionOptions,
  cli: Cli,
  ask: (sidecar: Sidecar, rpc: RpcOptions) => Promise<T>,
): Promise<T> {
  const listener = addressOf('listen', options, cli);
  const { address } = listener;
  const tls = tlsOf('listen', options, listener, cli);
  const token = tokenOf('listen', options, cli);
  const { timeout } = options;
  const sidecar = connected(address, {
    ...(tls && { tls }),
    ...(token !== undefined && { token }),
  });
  try {
    return await ask(sidecar, timeout === undefined ? {} : { timeoutMs: timeout });
  } catch (error) {
    throw await failure(error, { address, json: options.json === true, cli });
  } finally {
    sidecar.close();
  }
}

function connected(address: string, options: ConnectOptions): Sidecar {
  try {
    return connect(address, options);
  } catch (error) {
    // Files that cannot be read, a token without TLS.
    throw new CliError('usage', error instanceof Error ? error.message : String(error));
  }
}

import { variable } from '../../config/environment.ts';
import { readYaml } from '../../config/files.ts';
import { isMapping } from '../../config/values.ts';
import { type Cli, CliError } from '../cli.ts';
import { DOORS, type Door } from './options.ts';

/** Where a sidecar listens. */
export interface Listener {
  readonly address: string;
  readonly tls: boolean;
}

/**
 * Where the sidecar with the same configuration and environment listens: of several the first without
 * TLS, since such a one is of this machine. Needs no API key to tell it.
 *
 * @throws CliError if the file cannot be read, or the port is not known
 */
export function listenerOf(
  key: Door,
  config: string | undefined,
  cli: Pick<Cli, 'environment' | 'readFile'>,
): Listener {
  const { prefix, fallback } = DOORS[key];
  const named = variable(cli.environment, `${prefix}_LISTEN`);
  const written = named ?? writtenConfig(config, cli)?.[key] ?? fallback;
  const all = (Array.isArray(written) ? written : [written]).flatMap(listenersIn);
  const found = all.find(({ tls }) => !tls) ?? all[0];
  if (found === undefined || /:0$/.test(found.address)) {
    throw new CliError('usage', `the address of the sidecar is not known: give --address`);
  }
  return { ...found, address: reachable(found.address) };
}

/** What the file of the configuration says, without a look at whether it is right. */
export function writtenConfig(
  config: string | undefined,
  { environment, readFile }: Pick<Cli, 'environment' | 'readFile'>,
): Readonly<Record<string, unknown>> | undefined {
  const path = config ?? variable(environment, 'TAMMA_CONFIG');
  if (path === undefined) return undefined;
  const written = readYaml(path, readFile, (problem) => {
    throw new CliError('usage', `${problem.path}: ${problem.message}`);
  });
  return isMapping(written) ? written : undefined;
}

function listenersIn(one: unknown): Listener[] {
  if (typeof one === 'string') {
    return one.split(',').map((address) => ({ address: address.trim(), tls: false }));
  }
  if (!isMapping(one) || typeof one.address !== 'string') return [];
  return [{ address: one.address, tls: one.tls !== undefined }];
}

/** One listens on all addresses, and connects to one. */
function reachable(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
}

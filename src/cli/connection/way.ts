import { variable } from '../../config/environment.ts';
import { type Cli, CliError } from '../cli.ts';
import { readInput } from '../input.ts';
import { type Listener, listenerOf } from './listener.ts';
import { type ConnectionOptions, DOORS, type Door } from './options.ts';

const HOST_AND_PORT = /^(\[[^\]\s]+\]|[^\s/:[\]]+):(\d{1,5})$/;

/** What grpc-js knows beside it. */
const OTHER_ADDRESS = /^(?:unix|dns|ipv4|ipv6):./;

/**
 * Where a sidecar is reached, and whether over TLS: by the command line, by the environment, or by the
 * configuration.
 *
 * @throws CliError if it is no address
 */
export function addressOf(door: Door, { address, config }: ConnectionOptions, cli: Cli): Listener {
  const named = address ?? variable(cli.environment, `${DOORS[door].prefix}_ADDRESS`);
  const found =
    named === undefined ? listenerOf(door, config, cli) : { address: named, tls: false };
  if (!isReachable(found.address)) {
    throw new CliError(
      'usage',
      `${found.address} is no address of a sidecar: it must be host:port or unix:/path, such as ${DOORS[door].fallback}; --address says where it is`,
    );
  }
  return found;
}

function isReachable(address: string): boolean {
  return hostAndPort(address) !== undefined || OTHER_ADDRESS.test(address);
}

/** Undefined of what is written otherwise, or has a port that there is not. */
export function hostAndPort(address: string) {
  const [, host, port] = HOST_AND_PORT.exec(address) ?? [];
  if (host === undefined || Number(port) >= 2 ** 16) return undefined;
  return { host, port: Number(port) };
}

/**
 * The files of TLS, and the name in the certificate; undefined if none is spoken.
 *
 * @throws CliError if there is a certificate without its key, or the other way about
 */
export function tlsOf(
  door: Door,
  options: ConnectionOptions,
  listener: Listener,
  { environment }: Cli,
) {
  const file = (name: 'ca' | 'cert' | 'key') =>
    options[name] ?? variable(environment, `${DOORS[door].prefix}_${name.toUpperCase()}`);
  const [caFile, certFile, keyFile] = [file('ca'), file('cert'), file('key')];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new CliError('usage', 'a certificate and its key belong together: --cert and --key');
  }
  const { serverName } = options;
  const files = {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    ...(serverName !== undefined && { serverName }),
  };
  const asked = listener.tls || options.tls === true || Object.keys(files).length > 0;
  return asked ? files : undefined;
}

/**
 * The token of the command line, or of the environment; of a file it is the first that is written out there.
 *
 * @throws CliError if the file cannot be read, or has digests alone
 */
export function tokenOf(
  door: Door,
  { token, tokenFile }: ConnectionOptions,
  { environment }: Cli,
): string | undefined {
  const { prefix } = DOORS[door];
  if (token !== undefined) return token;
  const inVariable = variable(environment, `${prefix}_TOKEN`);
  if (tokenFile === undefined && inVariable !== undefined) return inVariable;
  const file = tokenFile ?? variable(environment, `${prefix}_TOKEN_FILE`);
  if (file === undefined) return undefined;
  const found = tokenIn(readInput(file, 'utf8'));
  if (found === undefined)
    throw new CliError('usage', `${file} holds no token: of a digest none can be made`);
  return found;
}

/** Of a file of tokens, as a sidecar has it, the first that is not a digest. */
export function tokenIn(text: string): string | undefined {
  const words = text.split('\n').flatMap((line) => line.trim().split(/\s/, 1));
  return words.find((word) => word !== '' && !/^(#|sha256:)/.test(word));
}

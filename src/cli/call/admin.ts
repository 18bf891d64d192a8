import { request as overHttp, type RequestOptions } from 'node:http';
import { request as overHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { isMapping } from '../../config/values.ts';
import { type Cli, CliError } from '../cli.ts';
import { unreachable } from '../connection/failure.ts';
import { writtenConfig } from '../connection/listener.ts';
import type { ConnectionOptions } from '../connection/options.ts';
import { addressOf, hostAndPort, tlsOf, tokenIn, tokenOf } from '../connection/way.ts';
import { readInput } from '../input.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks the admin listener of a running sidecar.
 *
 * @throws CliError if it cannot be reached, or does not let the caller in
 */
export async function askAdmin(
  path: string,
  options: ConnectionOptions,
  cli: Cli,
): Promise<Answer> {
  const listener = addressOf('adminListen', options, cli);
  const tls = tlsOf('adminListen', options, listener, cli);
  const token = tokenOf('adminListen', options, cli) ?? configuredToken(options, cli);
  const request: RequestOptions = {
    ...target(listener.address),
    path,
    // Without the proxy that Node.js takes from the environment where NODE_USE_ENV_PROXY is set.
    agent: false,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(options.timeout !== undefined && { signal: AbortSignal.timeout(options.timeout) }),
  };
  const answer = await (tls === undefined
    ? send(overHttp(request), listener.address)
    : send(overHttps({ ...request, ...filesOf(tls) }), listener.address));
  if (answer.status === 401 || answer.status === 421) {
    throw new CliError('refused', `${listener.address}: ${answer.body.trim()}`);
  }
  return answer;
}

/** Whoever may read the configuration and its files need not say the token. */
function configuredToken({ config }: ConnectionOptions, cli: Cli): string | undefined {
  const admin = writtenConfig(config, cli)?.admin;
  if (!isMapping(admin) || typeof admin.tokenFile !== 'string') return undefined;
  return tokenIn(readInput(admin.tokenFile, 'utf8'));
}

function target(address: string): RequestOptions {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  const found = hostAndPort(address);
  if (found === undefined) throw new CliError('usage', `${address} is not host:port or unix:/path`);
  return { ...found, host: found.host.replace(/^\[(.*)\]$/, '$1') };
}

function filesOf(tls: NonNullable<ReturnType<typeof tlsOf>>) {
  const { caFile, certFile, keyFile, serverName } = tls;
  return {
    ...(caFile !== undefined && { ca: readInput(caFile) }),
    ...(certFile !== undefined && { cert: readInput(certFile) }),
    ...(keyFile !== undefined && { key: readInput(keyFile) }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function send(request: ReturnType<typeof overHttp>, address: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const fail = (error: Error) =>
    reject(new CliError('unreachable', unreachable(address, error.message || error.name)));
  request.on('error', fail);
  request.on('response', (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail);
  });
  request.end();
  return promise;
}

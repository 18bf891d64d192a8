import { type ClientRequest, request as overHttp, type RequestOptions } from 'node:http';
import { request as overHttps } from 'node:https';
import { isMapping } from '../../config/values.ts';
import { answerTo, textOf } from '../../core/http-answer.ts';
import type { explain } from '../../server/page/explain.ts';
import { type Cli, CliError } from '../cli.ts';
import { unreachable } from '../connection/failure.ts';
import { writtenConfig } from '../connection/listener.ts';
import type { ConnectionOptions } from '../connection/options.ts';
import { addressOf, hostAndPort, tlsOf, tokenIn, tokenOf } from '../connection/way.ts';
import { readInput } from '../input.ts';

/** As the admin listener tells it. */
export type Explained = ReturnType<typeof explain>;

interface Answer {
  readonly status: number;
  readonly body: string;
  /** What the body tells of the call, or of all that have the id. Absent: another status than 200. */
  readonly told?: Explained | { readonly calls: readonly Explained[] };
}

/** More than is remembered of all calls. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Asks the admin listener of a running sidecar about a call.
 *
 * @param id of the call, of its trace, or the upstream's own
 * @throws CliError if it cannot be reached, does not let the caller in, or is none
 */
export async function askAdmin(id: string, options: ConnectionOptions, cli: Cli): Promise<Answer> {
  const listener = addressOf('adminListen', options, cli);
  const tls = tlsOf('adminListen', options, listener, cli);
  const token = tokenOf('adminListen', options, cli) ?? configuredToken(options, cli);
  const request: RequestOptions = {
    ...target(listener.address),
    path: `/calls/${encodeURIComponent(id)}`,
    // Without the proxy that Node.js takes from the environment where NODE_USE_ENV_PROXY is set.
    agent: false,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(options.timeout !== undefined && { signal: AbortSignal.timeout(options.timeout) }),
  };
  const { address } = listener;
  const { status, body } = await send(
    tls === undefined ? overHttp(request) : overHttps({ ...request, ...filesOf(tls) }),
    address,
  );
  if (status === 401 || status === 421) {
    throw new CliError('refused', `${address}: ${body.trim()}`);
  }
  return status === 200 ? { status, body, told: toldIn(body, address) } : { status, body };
}

/** @throws CliError if it is nothing that a sidecar tells: many a server answers whatever it is asked */
function toldIn(body: string, address: string): NonNullable<Answer['told']> {
  const told = parsed(body);
  const calls = isMapping(told) && 'calls' in told ? told.calls : [told];
  if (Array.isArray(calls) && calls.every(isExplained)) return told as NonNullable<Answer['told']>;
  throw new CliError('unreachable', unreachable(address, 'something else does'));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isExplained(call: unknown): boolean {
  if (!isMapping(call)) return false;
  const lists = [call.attempts, call.charges];
  return lists.every((list) => Array.isArray(list) && list.every(isMapping));
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

async function send(request: ClientRequest, address: string) {
  try {
    const answer = await answerTo(request.end());
    return { status: answer.statusCode ?? 0, body: await textOf(answer, MAX_BYTES) };
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new CliError('unreachable', unreachable(address, why));
  }
}

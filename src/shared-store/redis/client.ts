import { isIP } from 'node:net';
import type { RedisClientType } from '@redis/client';
import { namesOf } from '../../core/names-of.ts';
import { boundReplies } from './bounded-replies.ts';
import type { LuaScript } from './script.ts';

/** See SharedStoreOptions. */
export const DEFAULT_TIMEOUT_MS = 1_000;

type None = Record<string, never>;
/** Version 2 of the protocol, which every server and proxy understands. */
const RESP = 2;
export type RedisClient = RedisClientType<None, None, None, typeof RESP>;

let newOfClass: ((options: ReturnType<typeof clientOptions>) => RedisClient) | undefined;

/**
 * A client for one connection: when that is lost, it is over, and another one is to be made. The package,
 * a sixth of a start, is loaded by those alone who share a store.
 */
export async function newClient(url: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<RedisClient> {
  await boundReplies();
  const { RedisClient } = namesOf(await import('@redis/client'));
  // Its `createClient` makes a class of some hundred commands for each client that differs from the last, 15 ms of
  // the event loop each time that a lost server is tried again.
  newOfClass ??= RedisClient.factory<None, None, None, typeof RESP>({ RESP });
  return newOfClass(clientOptions(url, timeoutMs));
}

/** Whatever the state it is in. */
export function destroyClient(client: RedisClient): void {
  // One that is about to connect has no socket yet that `destroy` could close, and would live on.
  client.once('connect', () => destroy(client));
  destroy(client);
}

function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was never open, or is closed already.
  }
}

export async function evaluate(
  client: RedisClient,
  script: LuaScript,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const call = { keys: [...keys], arguments: [...args] };
  try {
    return await client.evalSha(script.sha1, call);
  } catch (error) {
    // It does not know the script: it is new, or has been restarted.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await client.eval(script.source, call);
  }
}

/**
 * What a server says that cannot serve anybody now, whatever the script: it stands first, or, as Redis 6
 * says it, behind the place in the script.
 */
const REFUSAL =
  /(?:^|: -?)(NOAUTH|WRONGPASS|READONLY|OOM|LOADING|MASTERDOWN|MISCONF|BUSY|NOREPLICAS|CLUSTERDOWN|MOVED|DENIED)\b/;

/** Whether an error of a script is the server's state rather than the script's fault. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL.test(error.message);
}

function clientOptions(url: string, timeoutMs: number) {
  const { hostname, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // Its own attempts to connect again know no pause between connections that break as soon as they stand.
  const common = {
    connectTimeout: timeoutMs,
    // A server that hangs keeps its sockets open. Pings keep one alive on which there is nothing to say.
    socketTimeout: 2 * timeoutMs,
    reconnectStrategy: false,
  } as const;
  // Servers behind one address are told apart by the name, which the client does not send by itself.
  const tls = { ...common, tls: true as const, ...(isIP(host) ? {} : { servername: host }) };
  return {
    url,
    RESP,
    disableOfflineQueue: true,
    pingInterval: timeoutMs,
    maintNotifications: 'disabled' as const,
    socket: protocol === 'rediss:' ? tls : common,
  };
}

import type { Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { prefix } from '../../test/attacks/wire.ts';
import { RawGrpc } from '../../test/support/raw-grpc.ts';
import type { Conduct } from './conducts.ts';

export interface Attack {
  readonly name: string;
  /** What its upstream does. Default: nothing at all. */
  readonly upstream?: Conduct;
  /** Where its log goes. Default: nowhere. */
  readonly log?: string;
  /** The sidecar has a data directory, so that it takes batches. Default: it has none. */
  readonly keepsBatches?: true;
  /** It keeps batches, and finds a ledger of so many records of the two days before. Default: an empty one. */
  readonly records?: number;
  /** It listens with TLS, too. Default: it does not. */
  readonly tls?: true;
  /**
   * Resolves when it is over.
   *
   * @param admin path of the unix socket of the admin port
   * @param tls path of the one where TLS is spoken, if it is
   */
  readonly run: (address: string, admin: string, tls: string) => Promise<void>;
}

export const PROVIDER = '/tamma.provider.v1.IAIProvider';
export const COUNT_TOKENS = `${PROVIDER}/CountTokens`;
export const SEND_MESSAGE = `${PROVIDER}/SendMessage`;
export const HEALTH = '/grpc.health.v1.Health';
export const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
export const MIB = 2 ** 20;
/** How long what goes on for ever goes on, in ms. */
export const LASTS_MS = 5_000;

/** A message behind its prefix. */
export function whole(message: Uint8Array): Buffer {
  return Buffer.concat([prefix(0, message.length), message]);
}

export async function over(
  address: string,
  attack: (raw: RawGrpc) => Promise<void>,
): Promise<void> {
  const raw = new RawGrpc(address);
  await attack(raw);
  await raw.close();
}

/** The same request many times over one connection, as fast as it is taken. */
export function flood(
  path: string,
  count: number,
  bytes: Buffer,
  compressed = false,
): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      const streams = Array.from({ length: count }, () => {
        const stream = raw.open(path, compressed ? { 'grpc-encoding': 'gzip' } : {});
        stream.on('error', () => {});
        stream.resume();
        stream.end(bytes);
        return new Promise((resolve) => stream.once('close', resolve));
      });
      await Promise.race([Promise.all(streams), passed(3 * LASTS_MS)]);
    });
}

/** What a call of a storm says. */
type Headers = Readonly<Record<string, string | string[]>>;

/**
 * Calls over four connections as long as it lasts.
 *
 * @param atOnce over each of them
 */
export function storm(
  paths: readonly string[],
  bytes: Buffer | (() => Buffer),
  headers: () => Headers,
  atOnce = 100,
): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
    const one = (raw: RawGrpc, path: string) => {
      const stream = raw.open(path, headers());
      stream.on('error', () => {});
      stream.resume();
      stream.end(typeof bytes === 'function' ? bytes() : bytes);
      return new Promise((resolve) => stream.once('close', resolve));
    };
    const many = async () => {
      while (performance.now() < until) {
        await over(address, async (raw) => {
          for (let round = 0; round < 20 && performance.now() < until; round += 1) {
            const calls = Array.from({ length: atOnce }, (_, at) =>
              one(raw, paths[at % paths.length] ?? ''),
            );
            await Promise.race([Promise.all(calls), passed(1_000)]);
          }
        });
      }
    };
    await Promise.all(Array.from({ length: 4 }, many));
  };
}

/** Several connections, since one has a share alone. */
export async function overFour(
  address: string,
  attack: (connections: readonly RawGrpc[]) => void,
): Promise<void> {
  const connections = Array.from({ length: 4 }, () => new RawGrpc(address));
  attack(connections);
  await passed(LASTS_MS);
  for (const connection of connections) await connection.close();
}

/** Resolves when it is written, or cannot be. */
export async function write(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

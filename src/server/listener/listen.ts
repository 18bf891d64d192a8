import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { LoopTurns } from '../../core/loop-turns.ts';
import {
  formatListenAddress,
  ipAddressesOf,
  isLoopbackAddress,
  type ListenAddress,
  parseListenAddress,
} from './address.ts';
import type { Connections } from './connections.ts';
import { whenGreeted } from './greeting.ts';
import type { Refusals } from './refusals.ts';
import { LiveTls, type TlsDeps, type TlsOptions, underlying } from './tls.ts';
import { removeStaleSocket } from './unix-socket.ts';

/** One place to listen at. */
export interface ListenerOptions {
  /** `127.0.0.1:50051`, `[::1]:0` (any free port), `unix:/run/tamma/provider.sock`. */
  readonly address: string;
  /** Left out: what is said can be read by whoever sees the packets. */
  readonly tls?: TlsOptions;
}

export interface ListenersDeps extends TlsDeps {
  readonly connections: Connections;
  /** Permissions of socket files. */
  readonly socketMode: number;
  /** Told of connections that could not be had, or were not let in. */
  readonly refusals: Pick<Refusals, 'note'>;
}

/**
 * Handshakes of TLS that are answered in one turn of the event loop, of all listeners together, with turns for everything else
 * between. Each takes about a millisecond for its signature, and hundreds may come in one go.
 */
const handshakes = new LoopTurns(16, 4);

/** Where callers connect. Nothing that happens to one connection ends a listener. */
export class Listeners {
  readonly #deps: ListenersDeps;
  readonly #servers: { readonly server: Server; readonly elsewhere: boolean }[] = [];
  readonly #tls: LiveTls[] = [];

  constructor(deps: ListenersDeps) {
    this.#deps = deps;
  }

  /**
   * Binds all addresses, or none: when one fails all are closed, and the error names it. Returns the
   * addresses with their real ports.
   *
   * A socket file gets `socketMode`, since the mode it is made with lets no other user connect. It
   * disappears with its listener.
   */
  async open(listeners: readonly ListenerOptions[]): Promise<readonly string[]> {
    const parsed = listeners.map(({ address, tls }) => ({ at: parseListenAddress(address), tls }));
    const bound: string[] = [];
    try {
      for (const { at, tls } of parsed) bound.push(await this.#open(at, tls));
    } catch (error) {
      this.close();
      throw error;
    }
    return bound;
  }

  /** Takes no more connections of other machines, whose callers then go to another sidecar. */
  closeToOthers(): void {
    for (const { server, elsewhere } of this.#servers) if (elsewhere) server.close();
  }

  /** Takes no more connections. Idempotent. */
  close(): void {
    for (const { server } of this.#servers.splice(0)) server.close();
    for (const tls of this.#tls.splice(0)) tls.stop();
  }

  async #open(at: ListenAddress, tls: TlsOptions | undefined): Promise<string> {
    try {
      const take = tls === undefined ? this.#takePlain : await this.#takeTls(tls);
      if (at.kind === 'tcp') return formatListenAddress(at, await this.#bindTcp(at, take));
      await removeStaleSocket(at.path);
      await this.#bind({ path: at.path }, take);
      await chmod(at.path, this.#deps.socketMode);
      return formatListenAddress(at);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot listen on ${formatListenAddress(at)}: ${reason}`, { cause: error });
    }
  }

  /** At all addresses that a name has, on the same port. Returns it. */
  async #bindTcp(
    { host, port }: ListenAddress & { readonly kind: 'tcp' },
    take: (socket: Socket) => void,
  ): Promise<number> {
    let bound: number | undefined;
    let failure: unknown;
    for (const ip of await ipAddressesOf(host)) {
      try {
        const server = await this.#bind({ host: ip, port: bound ?? port }, take);
        bound ??= (server.address() as AddressInfo).port;
      } catch (error) {
        // Such as IPv6 where there is none.
        if (!hasCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) throw error;
        failure = error;
      }
    }
    if (bound === undefined) throw failure;
    return bound;
  }

  async #bind(
    where: { readonly host: string; readonly port: number } | { readonly path: string },
    take: (socket: Socket) => void,
  ): Promise<Server> {
    const elsewhere = 'host' in where && !isLoopbackAddress(where.host);
    const server = createServer({ noDelay: true }, (socket) => {
      if (this.#deps.connections.accept(socket, elsewhere)) take(socket);
    });
    server.listen(where);
    await once(server, 'listening');
    // Such as that no file is left for a connection; the next one may find one.
    server.on('error', (err) => this.#deps.refusals.note('accept', err));
    this.#servers.push({ server, elsewhere });
    return server;
  }

  readonly #takePlain = (socket: Socket): void => this.#deps.connections.serve(socket, socket);

  async #takeTls(options: TlsOptions): Promise<(socket: Socket) => void> {
    const tls = new LiveTls(options, this.#deps);
    await tls.start();
    this.#tls.push(tls);
    // Never listens itself: connections are counted before any handshake.
    const server = createTlsServer(tls.serverOptions(['h2']));
    tls.keep(server);
    server.on('tlsClientError', (err) => this.#deps.refusals.note('tls', err));
    server.on('secureConnection', (socket: TLSSocket) => {
      const accepted = underlying(socket);
      // Such as that TLS is to be negotiated again, behind which Node.js would not see the connection end.
      socket.on('error', () => accepted?.destroy());
      if (accepted === undefined) socket.destroy();
      else if (tls.allows(socket)) this.#deps.connections.serve(accepted, socket);
      else {
        this.#deps.refusals.note('client_name');
        accepted.destroy();
      }
    });
    const begin = (socket: Socket): void => {
      if (!socket.destroyed) server.emit('connection', socket);
    };
    return (socket) => whenGreeted(socket, () => handshakes.run(() => begin(socket)));
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

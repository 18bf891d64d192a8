import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Inject } from './injector.ts';
import { keepUntilCollected } from './native-order.ts';
import { Noise } from './noise.ts';
import { readCertificate } from './peer-certificate.ts';
import type { Refusals } from './refusals.ts';

export interface ConnectionLimits {
  /** Connections at once, over all listeners; 1 or more. */
  readonly maxConnections: number;
  /** Time a connection may be without a call, in ms. */
  readonly idleTimeoutMs: number;
  /** Time a connection may stand, in ms, give or take a tenth. Calls that run then go on. */
  readonly maxConnectionAgeMs: number;
}

export interface ConnectionsDeps {
  readonly clock: Clock;
  readonly inject: Inject;
  /** Told of each connection that was not taken, or cut to make room. */
  readonly refusals: Pick<Refusals, 'note'>;
  /** In [0, 1): connections that came at once are not to leave at once. */
  readonly random: () => number;
}

/** Time a connection has to speak HTTP/2, its TLS handshake included, in ms. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Time a caller has to close its end of a connection that was closed, in ms. */
const CLOSE_TIMEOUT_MS = 5_000;

/** How long before its certificate expires a caller is asked to come again, with a new one, in ms. */
const BEFORE_EXPIRY_MS = 5_000;

/** How often connections are looked at that do nothing, in ms. */
const LOOK_EVERY_MS = 1_000;

/** A connection, from its first packet on. */
interface Connection {
  readonly socket: Socket;
  /** It came to an address that other machines reach. */
  readonly elsewhere: boolean;
  session: ServerHttp2Session | undefined;
  /** Calls that are open. */
  calls: number;
  /** Epoch ms since which it is what it is: silent, idle or closing. */
  since: number;
  /** Epoch ms at which it is closed for new calls, so that its caller comes again. */
  leavesAt: number;
}

/**
 * All connections of callers. One that does not speak HTTP/2 in time is cut, one without a call for too
 * long is closed, and one that stands for too long, or longer than its caller's certificate, takes no more
 * calls. Where there are as many as may be, the one that is missed least makes room for the
 * next: one that has not spoken yet, else the one that has had no call for longest. With a call open in
 * each of them, it is the new one that is cut.
 */
export class Connections {
  #limits: ConnectionLimits;
  readonly #deps: ConnectionsDeps;
  readonly #all = new Map<Socket, Connection>();
  // The oldest of each comes first.
  readonly #silent = new Set<Connection>();
  readonly #idle = new Set<Connection>();
  readonly #closing = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  readonly #noise: Noise;
  #timer: Timer | undefined;
  #stopped = false;
  #othersLeave = false;

  constructor(limits: ConnectionLimits, deps: ConnectionsDeps) {
    this.#limits = limits;
    this.#deps = deps;
    this.#noise = new Noise(deps.clock);
  }

  /** Other limits from now on; no connection is cut for them at once. */
  configure(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  /**
   * Takes a connection that was just accepted, to be followed by `serve`. False: it was cut.
   *
   * @param elsewhere it came to an address that other machines reach. Default: to one of this machine
   */
  accept(socket: Socket, elsewhere: boolean): boolean {
    // What goes wrong with a connection ends it, and that is all there is to do.
    socket.on('error', ignore);
    if (this.#stopped || !this.#hasRoom()) {
      socket.destroy();
      return false;
    }
    const now = this.#deps.clock.now();
    const leavesAt = now + this.#limits.maxConnectionAgeMs * (0.9 + 0.2 * this.#deps.random());
    const connection = { socket, elsewhere, session: undefined, calls: 0, since: now, leavesAt };
    this.#all.set(socket, connection);
    this.#silent.add(connection);
    this.#timer ??= every(this.#deps.clock, LOOK_EVERY_MS, () => this.#look(), true);
    socket.once('close', () => this.#forget(connection));
    return true;
  }

  /**
   * Serves calls over an accepted connection.
   *
   * @param channel what is read and written: the connection itself, or TLS on top of it
   */
  serve(socket: Socket, channel: Duplex): void {
    const connection = this.#all.get(socket);
    const session = connection && this.#deps.inject(channel);
    if (connection === undefined || session === undefined) {
      socket.destroy();
      return;
    }
    connection.session = session;
    this.#noise.add(session);
    if (this.#othersLeave && connection.elsewhere) this.#close(connection);
    const certificate = channel instanceof TLSSocket ? readCertificate(channel) : undefined;
    if (certificate !== undefined) {
      const { expiresAt } = certificate;
      connection.leavesAt = Math.min(connection.leavesAt, expiresAt - BEFORE_EXPIRY_MS);
    }
    session.once('remoteSettings', () => {
      if (this.#silent.delete(connection)) this.#rest(connection);
    });
    session.on('stream', (stream) => {
      keepUntilCollected(session, stream);
      this.#count(connection, stream);
    });
  }

  /** Resolves as soon as there is none. */
  none(): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Tells all from elsewhere to go (GOAWAY): calls that have begun go on, and their libraries make the next
   * ones, those on their way included, over a connection to another sidecar.
   */
  sendOthersAway(): void {
    this.#othersLeave = true;
    for (const connection of this.#all.values()) {
      if (connection.elsewhere) this.#close(connection);
    }
  }

  /** Ends the connections that are left, and takes no more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#noise.stop();
    for (const socket of this.#all.keys()) socket.destroy();
  }

  #count(connection: Connection, stream: ServerHttp2Stream): void {
    connection.calls += 1;
    this.#idle.delete(connection);
    stream.on('close', () => {
      connection.calls -= 1;
      this.#rest(connection);
    });
  }

  #rest(connection: Connection): void {
    if (connection.calls > 0 || !this.#all.has(connection.socket)) return;
    connection.since = this.#deps.clock.now();
    if (connection.session?.closed) this.#closing.add(connection);
    else this.#idle.add(connection);
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection.socket);
    for (const some of [this.#silent, this.#idle, this.#closing]) some.delete(connection);
    if (this.#all.size === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  #hasRoom(): boolean {
    if (this.#all.size < this.#limits.maxConnections) return true;
    this.#deps.refusals.note('full');
    for (const some of [this.#closing, this.#silent, this.#idle]) {
      for (const connection of some) {
        this.#cut(connection);
        return true;
      }
    }
    return false;
  }

  /** Without waiting for its end. */
  #cut(connection: Connection): void {
    this.#forget(connection);
    // A session says good-bye, so that the caller does not take a call for lost that was never begun.
    if (connection.session === undefined) connection.socket.destroy();
    else connection.session.destroy();
  }

  #look(): void {
    const now = this.#deps.clock.now();
    for (const connection of this.#silent) {
      if (now - connection.since < HANDSHAKE_TIMEOUT_MS) break;
      connection.socket.destroy();
    }
    for (const connection of this.#closing) {
      if (now - connection.since < CLOSE_TIMEOUT_MS) break;
      connection.socket.destroy();
    }
    for (const connection of this.#idle) {
      if (now - connection.since < this.#limits.idleTimeoutMs) break;
      this.#close(connection);
    }
    for (const connection of this.#all.values()) {
      if (now >= connection.leavesAt) this.#close(connection);
    }
    this.#noise.look();
  }

  /** Takes no more calls over it; those that run go on. */
  #close(connection: Connection): void {
    connection.leavesAt = Number.POSITIVE_INFINITY;
    if (this.#idle.delete(connection)) {
      connection.since = this.#deps.clock.now();
      this.#closing.add(connection);
    }
    connection.session?.close();
  }
}

function ignore(): void {}

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Refusals } from '../listener/refusals.ts';

/** Connections of one listener at once. */
export const MAX_ADMIN_CONNECTIONS = 100;

/** Requests of one connection that may wait for their answers: nobody who asks here sends them in heaps. */
const MAX_PIPELINED = 4;

interface Connection {
  readonly socket: Socket;
  /** Requests that were said, and are not answered. */
  requests: number;
}

/**
 * The connections of one HTTP listener. A new one always gets in: where there are as many as may be, another is
 * cut for it. It is one without a request to be answered (it has said nothing, or half of a handshake or of a
 * request, or all its answers are over), and only if there is none of these one with a request. Of several it is of
 * the address with most connections, and the one that has been so for longest: so a probe and a scraper get
 * through, whatever others hold open.
 */
export class AdminConnections {
  readonly #refusals: Pick<Refusals, 'note'>;
  /** Those that have been as they are for longest come first. */
  readonly #all = new Map<Socket, Connection>();

  constructor(refusals: Pick<Refusals, 'note'>) {
    this.#refusals = refusals;
  }

  /** Takes a connection that was just accepted, before any handshake. */
  accept(socket: Socket): void {
    if (this.#all.size >= MAX_ADMIN_CONNECTIONS) this.#makeRoom();
    this.#all.set(socket, { socket, requests: 0 });
    socket.once('close', () => this.#all.delete(socket));
  }

  /** Whether a request that has arrived may be answered. False: its connection was cut. */
  begin(socket: Socket, response: ServerResponse): boolean {
    const connection = this.#all.get(socket);
    // What was read of a connection in one go is parsed to its end, though it was cut meanwhile.
    if (connection === undefined) return false;
    if (connection.requests === MAX_PIPELINED) {
      this.#cut(connection);
      return false;
    }
    connection.requests += 1;
    this.#renew(connection);
    response.once('close', () => {
      connection.requests -= 1;
      this.#renew(connection);
    });
    return true;
  }

  #renew(connection: Connection): void {
    if (this.#all.delete(connection.socket)) this.#all.set(connection.socket, connection);
  }

  #makeRoom(): void {
    const all = [...this.#all.values()];
    const unasked = all.filter(({ requests }) => requests === 0);
    const connections = Map.groupBy(all, ({ socket }) => socket.remoteAddress);
    const held = ({ socket }: Connection) => connections.get(socket.remoteAddress)?.length ?? 0;
    const [first, ...others] = unasked.length > 0 ? unasked : all;
    if (first === undefined) return;
    this.#cut(others.reduce((most, one) => (held(one) > held(most) ? one : most), first));
  }

  #cut({ socket }: Connection): void {
    this.#refusals.note('full');
    this.#all.delete(socket);
    socket.destroy();
  }
}

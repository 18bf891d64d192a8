import dns from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import { type Clock, MINUTE_MS } from '../../core/clock.ts';

/** How long an address that could not be connected to comes after the others. */
const LAST_FOR_MS = 5 * MINUTE_MS;

/**
 * In which order the addresses of a host are tried. They are tried one after the other: those that are dead
 * would take their time of every connection, and with some of them in front the living one would never have its turn.
 */
export class AddressOrder {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #resolve: typeof dns.lookup;
  /** Epoch ms until which an address comes last. */
  readonly #last = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>, resolve: typeof dns.lookup = dns.lookup) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** That of Node.js, with those at the end that a connection was not made to lately. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const ordered = this.#ordered(found);
      const [first] = ordered;
      if (options.all || first === undefined) callback(null, ordered);
      else callback(null, first.address, first.family);
    });
  };

  /** Learns from the attempts of a socket that connects. */
  watch(socket: Socket): void {
    const putLast = (address: string) =>
      void this.#last.set(address, this.#clock.now() + LAST_FOR_MS);
    socket.on('connectionAttemptTimeout', putLast);
    socket.on('connectionAttemptFailed', putLast);
  }

  #ordered(found: readonly dns.LookupAddress[]): dns.LookupAddress[] {
    const now = this.#clock.now();
    for (const [address, until] of this.#last) if (until <= now) this.#last.delete(address);
    const isLast = ({ address }: dns.LookupAddress) => Number(this.#last.has(address));
    return found.toSorted((a, b) => isLast(a) - isLast(b));
  }
}

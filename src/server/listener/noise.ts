import { constants, type ServerHttp2Session } from 'node:http2';
import type { Clock } from '../../core/clock.ts';
import { readAgain, stopReading } from './hold-reading.ts';

/** What was read of a connection, and was for a call. */
export interface Heard {
  /** Bytes of data and headers. */
  bytes: number;
}

/** What a call may bring in its headers, in bytes. */
const CALL_BYTES = 32 * 1024;

/** What else a connection may bring from one look to the next, in bytes: windows, pings, frames around data. */
const MOST_NOISE = 1024 * 1024;
/** And one that comes while others make noise, in its first turn. */
const MOST_AT_FIRST = 256 * 1024;

/** How long connections that come are read one by one, once one was closed, in ms. */
const CAREFUL_MS = 10_000;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly heard: Heard;
  /** Bytes that were read when it was looked at. */
  read: number;
}

const heardOf = new WeakMap<object, Heard>();

/** To be told of data that came for a call of this session. Undefined: nobody wants to know. */
export function heardBy(session: object | undefined): Heard | undefined {
  return session && heardOf.get(session);
}

/**
 * Closes connections that bring what nobody hears: headers that are more than is read, and frames that concern no call.
 * Node.js parses as much as two megabytes of each connection before anything else has its turn, which takes longest where
 * headers are named by a byte each. Whoever does that comes again, so for some time those that come are read one by one,
 * each for a turn of the event loop.
 */
export class Noise {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #all = new Set<Connection>();
  readonly #waiting: Connection[] = [];
  #carefulUntil = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  add(session: ServerHttp2Session): void {
    const heard: Heard = { bytes: 0 };
    const connection: Connection = { session, heard, read: 0 };
    heardOf.set(session, heard);
    this.#all.add(connection);
    session.on('stream', () => {
      heard.bytes += CALL_BYTES;
    });
    session.once('close', () => this.#all.delete(connection));
    if (this.#clock.now() >= this.#carefulUntil) return;
    stopReading(session);
    this.#waiting.push(connection);
    if (this.#waiting.length === 1) setImmediate(this.#readNext);
  }

  /** To be called once a second. */
  look(): void {
    for (const connection of this.#all) this.#judge(connection, MOST_NOISE);
  }

  /** The first that waits is read, until the turn is over. */
  readonly #readNext = (): void => {
    const connection = this.#waiting[0];
    if (connection === undefined) return;
    readAgain(connection.session);
    setImmediate(() => {
      this.#judge(connection, MOST_AT_FIRST);
      this.#waiting.shift();
      this.#readNext();
    });
  };

  #judge(connection: Connection, most: number): void {
    const { session, heard } = connection;
    if (session.destroyed) return;
    const { bytesRead = 0 } = session.socket;
    const noise = bytesRead - connection.read - heard.bytes;
    connection.read = bytesRead;
    heard.bytes = 0;
    if (noise <= most) return;
    this.#carefulUntil = this.#clock.now() + CAREFUL_MS;
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

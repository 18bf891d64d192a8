import { constants, type ServerHttp2Session } from 'node:http2';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { readAgain, stopReading } from './hold-reading.ts';
import { insideOf } from './inside-of.ts';

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
/** How often the next of them is read, in ms. */
const TICK_MS = 5;
/** After so many of them all connections are looked at. */
const LOOK_EVERY = 10;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly heard: Heard;
  /** Bytes that were read when it was looked at, and written. */
  read: number;
  written: number;
  /** Of what was read, what waited in its streams when that was last counted. */
  waiting: number;
  /** It has brought a call. */
  called: boolean;
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
 * each for a turn of the event loop, until they bring a call.
 */
export class Noise {
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #all = new Set<Connection>();
  /** Those that are read one by one, as long as they are there; the first is the next. */
  readonly #waiting = new Set<Connection>();
  #carefulUntil = 0;
  #tick: Timer | undefined;
  #ticks = 0;

  constructor(clock: Pick<Clock, 'now' | 'after'>) {
    this.#clock = clock;
  }

  add(session: ServerHttp2Session): void {
    const heard: Heard = { bytes: 0 };
    const connection: Connection = {
      session,
      heard,
      read: 0,
      written: 0,
      waiting: 0,
      called: false,
    };
    heardOf.set(session, heard);
    this.#all.add(connection);
    session.on('stream', () => {
      heard.bytes += CALL_BYTES;
      connection.called = true;
    });
    session.once('close', () => {
      this.#all.delete(connection);
      this.#waiting.delete(connection);
    });
    if (this.#tick === undefined) return;
    stopReading(session);
    this.#waiting.add(connection);
  }

  /** To be called once a second. */
  look(): void {
    for (const connection of this.#all) this.#judge(connection, MOST_NOISE);
  }

  stop(): void {
    this.#tick?.cancel();
  }

  #beCareful(): void {
    this.#carefulUntil = this.#clock.now() + CAREFUL_MS;
    this.#tick ??= every(this.#clock, TICK_MS, () => this.#onTick(), true);
  }

  #onTick(): void {
    this.#ticks += 1;
    if (this.#ticks % LOOK_EVERY === 0) this.look();
    const [next] = this.#waiting;
    if (next !== undefined) this.#readFor(next);
    if (this.#clock.now() < this.#carefulUntil) return;
    this.#tick?.cancel();
    this.#tick = undefined;
    for (const { session } of this.#waiting) readAgain(session);
    this.#waiting.clear();
  }

  /** Until the turn is over. */
  #readFor(connection: Connection): void {
    const { session } = connection;
    this.#waiting.delete(connection);
    readAgain(session);
    setImmediate(() => {
      this.#judge(connection, MOST_AT_FIRST);
      if (session.destroyed || connection.called || this.#tick === undefined) return;
      stopReading(session);
      this.#waiting.add(connection);
    });
  }

  #judge(connection: Connection, most: number): void {
    const { session, heard } = connection;
    if (session.destroyed) return;
    const { bytesRead = 0, bytesWritten = 0 } = session.socket;
    // Who reads answers says for each piece that there is room for more.
    const answered = bytesWritten - connection.written;
    const noise = bytesRead - connection.read - heard.bytes - answered;
    connection.read = bytesRead;
    connection.written = bytesWritten;
    heard.bytes = 0;
    if (noise <= most) return;
    // What calls have brought that nobody reads yet: they wait to be begun, or let in.
    const { waiting } = connection;
    connection.waiting = waitingIn(session);
    if (noise - (connection.waiting - waiting) <= most) return;
    this.#beCareful();
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

/** Private to Node.js. */
interface SessionState {
  readonly streams?: ReadonlyMap<number, { readonly readableLength: number }>;
}

function waitingIn(session: ServerHttp2Session): number {
  let bytes = 0;
  const streams = insideOf<SessionState>(session, 'state')?.streams;
  for (const { readableLength } of streams?.values() ?? []) bytes += readableLength;
  return bytes;
}

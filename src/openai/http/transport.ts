import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { AddressOrder } from './address-order.ts';
import { type Connect, throughTunnel } from './connect.ts';
import type { Exchange, Trouble } from './exchange.ts';
import type { HttpRequest } from './http-request.ts';
import { leaveOffWhenOver } from './leave-off.ts';
import { passOverContinue } from './pass-over-continue.ts';
import { HttpProxy } from './proxy.ts';
import { type TrustedCertificates, trusting } from './trust.ts';

export interface TransportOptions {
  /** For DNS, TCP, proxy and TLS together, in ms: a backstop below the attempt's own time-outs. */
  readonly connectTimeoutMs: number;
  /** URL of the HTTP proxy that everything goes through, credentials allowed. Default: none. */
  readonly proxy?: string;
  /** Certificates that are trusted beside the default roots. Default: none. */
  readonly ca?: TrustedCertificates;
  /** Opens what HTTP is spoken over instead of a connection to the upstream. Default: nothing is. */
  readonly pipe?: () => Duplex;
}

/**
 * How long an idle connection is kept if the server does not say, in ms. Longer saves handshakes on
 * quiet Pods; shorter makes it rarer that a server closes one just as it is used again.
 */
const KEEP_ALIVE_MS = 30_000;

/** From then on a connection gets no further request, in ms: who always reuses never asks the DNS again. */
const MAX_AGE_MS = 5 * 60_000;

/**
 * How long each address of a host but the last is tried, in ms. With the 250 of Node.js those that are farther away are
 * given up while they answer (https://github.com/nodejs/node/issues/54359); with more a dead one costs more of
 * the connect time-out.
 */
const ADDRESS_MS = 1_000;

/** A silence from which on a connection that its caller gave up may well be dead, in ms. */
const SILENCE_MS = 5_000;

/** What is read of a connection whose answer is held back, in bytes, before the rest stays with the kernel: one read of it. */
const READ_AHEAD_BYTES = 16 * 1024;

/** Connections that are used again, opened at about the same time. */
interface Pool {
  readonly agent: Agent;
  /** Epoch ms. */
  readonly since: number;
}

/**
 * Sends requests over kept-alive HTTP/1.1 connections, one exchange at a time on each and as many
 * as there are exchanges. Not HTTP/2: there, a slow reader and a lost packet hold up its neighbours.
 * Opens nothing before the first request.
 *
 * A firewall or a load balancer may forget connections without a word, and then it forgets all that
 * were idle: when one that was used again is silent, or breaks, none of its pool is used any more.
 */
export class Transport {
  readonly #clock: Clock;
  readonly #proxy: HttpProxy | undefined;
  readonly #timeoutMs: number;
  readonly #addresses: AddressOrder;
  #connect: Connect;
  #pool: Pool | undefined;
  /** They finish what runs over them. */
  readonly #retired = new Set<Agent>();
  #closed = false;
  /** The exchange whose dispatch is running, to which a socket that it opens belongs. */
  #dispatching: Exchange | undefined;

  constructor(options: TransportOptions, { clock }: { readonly clock: Clock }) {
    const { connectTimeoutMs: timeout, proxy, ca, pipe } = options;
    this.#clock = clock;
    this.#addresses = new AddressOrder(clock);
    this.#timeoutMs = timeout;
    this.#proxy = proxy === undefined ? undefined : new HttpProxy(proxy);
    this.#connect = pipe === undefined ? this.#connector(ca?.pem) : through(pipe);
  }

  /** From now on these certificates, in PEM, are trusted beside the default roots, and no others. */
  trust(pem: string): void {
    this.#connect = this.#connector(pem);
    if (this.#pool !== undefined && !this.#closed) this.#retire(this.#pool);
  }

  /** Sends at once, unless the exchange or its signal was ended before. */
  send(request: HttpRequest, exchange: Exchange): void {
    const since = this.#clock.now();
    const pool = this.#current(since);
    const isSilent = () => this.#clock.now() - since >= SILENCE_MS;
    if (!exchange.begin((why) => this.#onTrouble(pool, why, isSilent))) return;
    this.#dispatching = exchange;
    try {
      const sent = this.#proxy?.forwarded(request) ?? request;
      pool.agent.dispatch(sent satisfies Dispatcher.DispatchOptions, exchange);
    } finally {
      this.#dispatching = undefined;
    }
  }

  /** Breaks all connections; running exchanges fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const agents = [...this.#retired, ...(this.#pool === undefined ? [] : [this.#pool.agent])];
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #connector(pem: string | undefined): Connect {
    const timeout = this.#timeoutMs;
    const sockets = {
      ...trusting(pem),
      timeout,
      lookup: this.#addresses.lookup,
      autoSelectFamilyAttemptTimeout: ADDRESS_MS,
      highWaterMark: READ_AHEAD_BYTES,
    };
    const direct = buildConnector({ ...sockets, allowH2: false });
    return this.#proxy === undefined ? direct : throughTunnel(this.#proxy, direct, timeout);
  }

  #current(now: number): Pool {
    if (this.#pool !== undefined && !this.#closed && now - this.#pool.since >= MAX_AGE_MS) {
      this.#retire(this.#pool);
    }
    this.#pool ??= { agent: this.#newAgent(), since: now };
    return this.#pool;
  }

  #onTrouble(pool: Pool, why: Trouble, isSilent: () => boolean): void {
    if (pool === this.#pool && !this.#closed && tellsAgainst(why, isSilent)) this.#retire(pool);
  }

  #retire(pool: Pool): void {
    this.#pool = undefined;
    this.#retired.add(pool.agent);
    void pool.agent.close().finally(() => this.#retired.delete(pool.agent));
  }

  #newAgent(): Agent {
    const agent = new Agent({
      connect: (target, callback) => this.#open(target, callback),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The attempt's time-outs hold; two more below them would only blur which one fired.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    // Closed before it was used: what is sent then fails like everything behind the close.
    if (this.#closed) void agent.destroy();
    return agent;
  }

  /** undici connects inside dispatch() and offers no way to call off a connect; the socket does. */
  #open(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const socket: unknown = this.#connect(target, (...result) => {
      callback(...result);
      const [, connected] = result;
      // Where it failed there may be none.
      if (!connected) return;
      leaveOffWhenOver(connected);
      passOverContinue(connected);
    });
    if (!(socket instanceof Socket)) return;
    this.#addresses.watch(socket);
    this.#dispatching?.connectingOn(socket);
  }
}

/** A pipe is open at once; undici takes it for a socket. */
function through(pipe: () => Duplex): Connect {
  return (_target, callback) => setImmediate(() => callback(null, pipe() as Socket));
}

/** Whether it is likely that the connections beside it are no better. */
function tellsAgainst({ responded, reason }: Trouble, isSilent: () => boolean): boolean {
  if (reason === undefined) return !responded;
  const why = reason instanceof ProviderError ? reason.reason : undefined;
  if (why === 'TIMEOUT') return true;
  return !responded && (why === 'DEADLINE_EXCEEDED' || isSilent());
}

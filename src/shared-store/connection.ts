import { isIP } from 'node:net';
import { createClient, type RedisClientOptions, type RedisClientType } from '@redis/client';
import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import { hideSecret } from '../telemetry/secrets.ts';
import type { SharedStoreOptions } from './options.ts';
import { type Script, type ScriptRunner, StoreAwayError } from './script.ts';

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Pick<ProviderLog, 'info' | 'warn'>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Within which the server has to connect, to greet and to answer each script, in ms. */
const TIMEOUT_MS = 1_000;

/**
 * A server that hangs keeps its sockets open: one on which nothing moves for so long is given up. In
 * ms. Pings keep one alive on which there is nothing to say.
 */
const SILENCE_MS = 2_000;
const PING_MS = 1_000;

/** Waits between attempts to connect, in ms; each lasts half of it and a random part of the rest. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

type None = Record<string, never>;
/** Version 2 of the protocol, which every server and proxy understands. */
type ClientOptions = RedisClientOptions<None, None, None, 2>;
type Client = RedisClientType<None, None, None, 2>;

/**
 * The connection to the server that sidecars share. It connects in the background, again and again for
 * ever, and meanwhile refuses what it is asked to run. Credentials of the URL are never logged.
 */
export class RedisConnection implements ScriptRunner {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: ConnectionDeps['log'];
  readonly #listeners: (() => void)[] = [];
  /** It is connected, and yet an answer is overdue. */
  #stalled = false;
  /** The loss was logged, and not the recovery. */
  #lost = false;
  #closed = false;

  /** Begins to connect. */
  constructor({ url }: Pick<SharedStoreOptions, 'url'>, deps: ConnectionDeps) {
    hideCredentials(url);
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#client = createClient(clientOptions(url, deps.random));
    this.#client.on('ready', () => this.#found());
    this.#client.on('error', (err: unknown) => this.#lose(err));
    // Rejects when it is closed before it was ever open; whatever else fails is tried again.
    this.#client.connect().catch(() => {});
  }

  get isUp(): boolean {
    return this.#client.isReady && !this.#stalled;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!this.isUp) throw new StoreAwayError('The shared store is away.');
    return await this.#inTime(this.#evaluate(script, keys, args));
  }

  /** Breaks the connection. What runs is refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.destroy();
  }

  async #evaluate(script: Script, keys: readonly string[], args: readonly string[]) {
    const call = { keys: [...keys], arguments: [...args] };
    try {
      return await this.#client.evalSha(script.sha1, call);
    } catch (error) {
      // It does not know the script: it is new, or has been restarted.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.#client.eval(script.source, call);
    }
  }

  /** The client's own time-out ends when a command is sent. */
  #inTime<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(TIMEOUT_MS, () => {
        const error = new StoreAwayError(`The shared store was silent for ${TIMEOUT_MS} ms.`);
        this.#stall(error);
        reject(error);
      });
      const over = () => {
        timer.cancel();
        // It answers again, late as it is.
        if (this.#lost && this.#client.isReady) this.#found();
      };
      reply.then(resolve, (cause: unknown) => reject(this.#translated(cause))).finally(over);
    });
  }

  /** An error of the connection rather than of the script. */
  #translated(cause: unknown): unknown {
    if (this.isUp) return cause;
    return new StoreAwayError('The shared store was lost.', { cause });
  }

  #stall(error: StoreAwayError): void {
    if (!this.isUp) return;
    this.#stalled = true;
    this.#lose(error);
  }

  #lose(err: unknown): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.#log.warn({ err }, 'the shared store is away; calls go on within their leases');
    this.#tell();
  }

  #found(): void {
    this.#stalled = false;
    if (this.#lost) this.#log.info({}, 'the shared store is back');
    this.#lost = false;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function clientOptions(url: string, random: () => number): ClientOptions {
  const { hostname, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const common = {
    connectTimeout: TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    reconnectStrategy: (retries: number) => reconnectDelay(retries, random),
  };
  // Servers behind one address are told apart by the name, which the client does not send by itself.
  const tls = { ...common, tls: true as const, ...(isIP(host) ? {} : { servername: host }) };
  return {
    url,
    RESP: 2,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    maintNotifications: 'disabled',
    socket: protocol === 'rediss:' ? tls : common,
  };
}

/** In ms. Sidecars that lost the same server do not come back at the same time. */
export function reconnectDelay(retries: number, random: () => number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(retries, 16));
  return Math.ceil((longest * (1 + random())) / 2);
}

function hideCredentials(url: string): void {
  hideSecret(url);
  const { password } = new URL(url);
  hideSecret(password);
  hideSecret(decodeURIComponent(password));
}

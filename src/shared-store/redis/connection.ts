import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { hideSecret } from '../../telemetry/secrets.ts';
import {
  DEFAULT_TIMEOUT_MS,
  destroyClient,
  evaluate,
  isRefusal,
  newClient,
  type RedisClient,
} from './client.ts';
import { keySpace } from './keys.ts';
import { Latency } from './latency.ts';
import type { SharedStoreOptions } from './options.ts';
import { OutageNotice } from './outage-notice.ts';
import { defineScript, type LuaScript, type ScriptRunner, StoreAwayError } from './script.ts';

export interface StoreConnectionDeps {
  readonly clock: Clock;
  /** By which it is told since when it is as it is. */
  readonly dated: Pick<Clock, 'now'>;
  readonly log: Pick<ProviderLog, 'info' | 'warn'>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Is told how long each request took, in seconds, also one that was given up. */
  readonly duration?: { record(seconds: number): void } | undefined;
}

/** Waits between attempts to connect, in ms; each lasts half of it and a random part of the rest. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

/** A connection that held for so long, in ms, was a good one: the next attempts come soon again. */
const GOOD_MS = 10_000;

/** A server that takes this takes what everything here needs: who asks is known, and may write. */
const PROBE = defineScript(`return redis.call('SET', KEYS[1], '1', 'PX', 60000)`);

/**
 * The connection to the server that sidecars share. It is made in the background, again and again for
 * ever, and is up once the server has run a script that writes. Meanwhile it refuses what it is asked to
 * run. Credentials of the URL are never logged.
 */
export class RedisConnection implements ScriptRunner {
  readonly #url: string;
  readonly #probeKey: string;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #dated: Pick<Clock, 'now'>;
  readonly #random: () => number;
  readonly #notice: OutageNotice;
  readonly #duration: StoreConnectionDeps['duration'];
  readonly #latency: Latency;
  readonly #listeners: (() => void)[] = [];
  /** The connection of the moment, also while it is being made. */
  #client: RedisClient | undefined;
  #isUp = false;
  /** Of the outage, if it is one. */
  #error: unknown;
  /** Of scripts that the server, though it is there, would not run when they were asked of it last. */
  readonly #refusals = new Map<LuaScript, Error>();
  /** When it became as it is, or began to connect, by the clock. */
  #since: number;
  /** Connections in a row that failed, or did not hold. */
  #failures = 0;
  #retry: Timer | undefined;
  #closed = false;

  /** Begins to connect. */
  constructor(
    options: Pick<SharedStoreOptions, 'url' | 'keyPrefix' | 'timeoutMs'>,
    deps: StoreConnectionDeps,
  ) {
    const { url, keyPrefix, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    hideCredentials(url);
    this.#url = url;
    this.#probeKey = keySpace(keyPrefix)('probe');
    this.#timeoutMs = timeoutMs;
    this.#clock = deps.clock;
    this.#dated = deps.dated;
    this.#random = deps.random;
    this.#since = deps.clock.now();
    this.#notice = new OutageNotice(deps.clock, deps.log);
    this.#duration = deps.duration;
    this.#latency = new Latency(deps.clock);
    void this.#connect();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Why it is not up, if that is known: the system's code, the server's, or words of this program. */
  get whyAway(): string | undefined {
    return why(this.#error);
  }

  /** Why it does not do all that is asked of it though it is up; undefined: it does, as far as is known. */
  get whyRefused(): string | undefined {
    const [error] = this.#refusals.values();
    return why(error);
  }

  /** Epoch ms since which it is up, refuses something, or is away. */
  get since(): number {
    return this.#since + Math.round(this.#dated.now() - this.#clock.now());
  }

  /** How long it takes to answer, in ms, if calls notice. */
  get slowMs(): number | undefined {
    return this.#latency.slowMs;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async run(script: LuaScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const client = this.#client;
    if (!this.#isUp || client === undefined) throw new StoreAwayError('The shared store is away.');
    const askedAt = this.#clock.now();
    try {
      const answer = await this.#inTime(evaluate(client, script, keys, args));
      this.#took(script);
      return answer;
    } catch (cause) {
      if (cause instanceof StoreAwayError || isRefusal(cause)) this.#lose(client, cause);
      if (this.#client === client) this.#refused(script, cause);
      if (this.#client === client || cause instanceof StoreAwayError) throw cause;
      throw new StoreAwayError('The shared store was lost.', { cause });
    } finally {
      const ms = this.#clock.now() - askedAt;
      this.#latency.note(ms);
      this.#duration?.record(ms / 1_000);
    }
  }

  /** Breaks the connection. What runs is refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retry?.cancel();
    this.#notice.close();
    this.#drop();
  }

  /** Never rejects. */
  async #connect(): Promise<void> {
    const client = await newClient(this.#url, this.#timeoutMs);
    if (this.#closed) return;
    this.#client = client;
    client.on('error', (err: unknown) => this.#lose(client, err));
    try {
      await this.#inTime(client.connect());
      await this.#inTime(evaluate(client, PROBE, [this.#probeKey], []));
      this.#found(client);
    } catch (err) {
      this.#lose(client, err);
    }
  }

  /** The client's own time-out ends when a command is sent. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    const ms = this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.afterSilence(ms, () =>
        reject(new StoreAwayError(`The shared store was silent for ${ms} ms.`)),
      );
      answer.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #found(client: RedisClient): void {
    if (client !== this.#client) return;
    this.#isUp = true;
    this.#since = this.#clock.now();
    this.#notice.found();
    this.#tell();
  }

  #lose(client: RedisClient, err: unknown): void {
    if (client !== this.#client) return;
    const upSince = this.#since;
    const wasUp = this.#drop();
    if (wasUp && this.#since - upSince >= GOOD_MS) this.#failures = 0;
    const delayMs = reconnectDelay(this.#failures, this.#random);
    this.#failures += 1;
    this.#retry = this.#clock.after(delayMs, () => void this.#connect(), true);
    this.#error = err;
    this.#notice.lost(err);
    if (wasUp) this.#tell();
  }

  #took(script: LuaScript): void {
    if (this.#refusals.delete(script) && this.#refusals.size === 0) this.#since = this.#clock.now();
  }

  #refused(script: LuaScript, cause: unknown): void {
    if (!(cause instanceof Error)) return;
    const isFirst = this.#refusals.size === 0;
    this.#refusals.set(script, cause);
    if (isFirst) this.#since = this.#clock.now();
  }

  /** Whether it was up. */
  #drop(): boolean {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (wasUp) this.#since = this.#clock.now();
    this.#refusals.clear();
    if (this.#client !== undefined) destroyClient(this.#client);
    this.#client = undefined;
    return wasUp;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function why(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  const [serverCode] = /^[A-Z]{3,16}\b/.exec(error.message) ?? [];
  // The code of what has no code of its own; behind it stands in which script it was.
  if (serverCode === 'ERR') return error.message.slice(4).replace(/\.? script: .*$/s, '');
  return serverCode ?? error.message;
}

/** In ms. Sidecars that lost the same server do not come back at the same time. */
export function reconnectDelay(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 16));
  return Math.ceil((longest * (1 + random())) / 2);
}

function hideCredentials(url: string): void {
  hideSecret(url);
  const { password } = new URL(url);
  hideSecret(password);
  hideSecret(decodeURIComponent(password));
}

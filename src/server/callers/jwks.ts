import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type FetchOptions, fetchText } from './fetch-text.ts';
import { LiveText } from './live-text.ts';

export interface JwksDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the keys are others. */
  readonly onNewKeys: () => void;
}

/** The public keys of an issuer, which change while the process runs. */
export interface JwksSource {
  /** @throws Error if there are none and never will be */
  start(): Promise<void>;
  stop(): void;
  keys(): Promise<JWTVerifyGetKey>;
  /** For a token whose key is not among them. */
  newerKeys(): Promise<JWTVerifyGetKey>;
}

/** Of a file. */
export class JwksFile implements JwksSource {
  readonly #file: LiveText;
  #keys: JWTVerifyGetKey | undefined;
  /** Under way, for all tokens that wait for it. */
  #look: Promise<void> | undefined;

  constructor(path: string, { clock, logger, onNewKeys }: JwksDeps) {
    this.#file = new LiveText(path, {
      clock,
      take: (text) => {
        this.#keys = parseJwks(text);
        onNewKeys();
      },
      onRefusal: (err) => logger.error({ err }, 'the changed keys of the issuer are refused'),
    });
  }

  async start(): Promise<void> {
    try {
      await this.#file.start();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`callerJwt.jwksFile: ${message}`, { cause });
    }
  }

  stop(): void {
    this.#file.stop();
  }

  async keys(): Promise<JWTVerifyGetKey> {
    if (this.#keys === undefined) throw noKeys();
    return this.#keys;
  }

  async newerKeys(): Promise<JWTVerifyGetKey> {
    this.#look ??= this.#lookTwice().finally(() => {
      this.#look = undefined;
    });
    await this.#look;
    return this.keys();
  }

  /** A change holds once it was read twice. */
  async #lookTwice(): Promise<void> {
    await this.#file.look();
    await this.#file.look();
  }
}

/** How long fetched keys are used before they are fetched again, in ms. */
const FETCH_EVERY_MS = 5 * 60_000;
/** How soon after a fetch an unknown key, or the lack of any, leads to another, in ms. */
const COOL_DOWN_MS = 10_000;

/** Of an https URL. While it does not answer, the keys that it last gave hold. */
export class JwksUrl implements JwksSource {
  readonly #url: URL;
  readonly #options: FetchOptions;
  readonly #deps: JwksDeps;
  #keys: JWTVerifyGetKey | undefined;
  #text = '';
  /** The fetch that is under way. */
  #fetch: Promise<void> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(url: URL, options: FetchOptions, deps: JwksDeps) {
    this.#url = url;
    this.#options = options;
    this.#deps = deps;
  }

  /** Does not wait: the issuer may be away, and others are served meanwhile. */
  async start(): Promise<void> {
    void this.#refresh();
    this.#timer = this.#deps.clock.after(
      FETCH_EVERY_MS,
      () => {
        void this.#refresh();
        this.#timer?.refresh();
      },
      true,
    );
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async keys(): Promise<JWTVerifyGetKey> {
    return this.#keys ?? this.newerKeys();
  }

  async newerKeys(): Promise<JWTVerifyGetKey> {
    if (this.#fetch !== undefined) await this.#fetch;
    else if (this.#deps.clock.now() - this.#fetchedAt >= COOL_DOWN_MS) await this.#refresh();
    if (this.#keys === undefined) throw noKeys();
    return this.#keys;
  }

  /** Never rejects. */
  #refresh(): Promise<void> {
    this.#fetch ??= this.#load().finally(() => {
      this.#fetch = undefined;
    });
    return this.#fetch;
  }

  async #load(): Promise<void> {
    this.#fetchedAt = this.#deps.clock.now();
    try {
      const text = await fetchText(this.#url, this.#options);
      if (text === this.#text) return;
      this.#keys = parseJwks(text);
      this.#text = text;
      this.#deps.onNewKeys();
    } catch (err) {
      this.#deps.logger.warn({ err }, 'the keys of the issuer cannot be had; the last ones hold');
    }
  }
}

/**
 * Issuers have a few keys. A token that names none of them is tried with each: with thousands, a forged one would
 * take as many signatures to be refused.
 */
const MAX_KEYS = 256;

/** @throws Error */
function parseJwks(text: string): JWTVerifyGetKey {
  let jwks: JSONWebKeySet;
  try {
    // Files that were written on Windows begin with a mark.
    jwks = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // What is wrong would be quoted.
    throw new Error('it is no JSON');
  }
  if (!Array.isArray(jwks?.keys) || jwks.keys.length === 0)
    throw new Error('there are no keys in it');
  if (jwks.keys.length > MAX_KEYS) throw new Error(`there are more than ${MAX_KEYS} keys in it`);
  return createLocalJWKSet(jwks);
}

function noKeys(): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'Tokens cannot be verified at the moment: the keys of their issuer cannot be had.',
  });
}

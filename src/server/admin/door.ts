import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { digestOf, parseTokens, type Token } from '../callers/token-list.ts';

/** Why a request is not answered. */
export type Refusal = 'wrong host' | 'no token';

export interface AdminDoorOptions {
  /** Names, beside localhost and IP addresses, under which requests may come. */
  readonly hosts: readonly string[];
  /** Whether only a token opens it. */
  readonly needsToken: boolean;
}

const HOST = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/;
const AUTHORIZATION = /^(Bearer|Basic) +([!-~]+)$/i;

/**
 * Who may see what operators look at. A page in a browser of this machine can give its own name the
 * address of this listener, and then read whatever comes from it: so requests under names that nobody
 * has configured are refused.
 */
export class AdminDoor {
  readonly #hosts: ReadonlySet<string>;
  readonly #needsToken: boolean;
  readonly #clock: Pick<Clock, 'now'>;
  /** Those that open it. */
  #tokens: readonly Token[] = [];

  constructor({ hosts, needsToken }: AdminDoorOptions, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#hosts = new Set(['localhost', ...hosts.map((name) => name.toLowerCase())]);
    this.#needsToken = needsToken;
  }

  /**
   * Takes the text of a file of tokens, as callers have them: from now on these count and no others.
   *
   * @throws Error that says what is wrong with it, never what stands there
   */
  setTokens(text: string): void {
    // Those that are in use may be shorter than a caller's.
    this.#tokens = parseTokens(text, 1);
  }

  /** Undefined: the request may be answered. */
  refusal({ headers, socket }: IncomingMessage): Refusal | undefined {
    // A socket file has no name that a browser could be told.
    if (socket.remoteAddress !== undefined && !this.#isKnown(headers.host)) return 'wrong host';
    if (this.#needsToken && !this.#opens(headers.authorization)) return 'no token';
    return undefined;
  }

  #isKnown(host: string | undefined): boolean {
    const [, v6, name] = HOST.exec(host ?? '') ?? [];
    if (v6 !== undefined) return isIPv6(v6);
    return name !== undefined && (isIPv4(name) || this.#hosts.has(name.toLowerCase()));
  }

  #opens(authorization: string | undefined): boolean {
    const [, scheme, credentials] = AUTHORIZATION.exec(authorization ?? '') ?? [];
    if (scheme === undefined || credentials === undefined) return false;
    const token =
      scheme.toLowerCase() === 'bearer'
        ? credentials
        : Buffer.from(credentials, 'base64')
            .toString()
            .replace(/^[^:]*:/, '');
    const given = digestOf(token);
    const now = this.#clock.now();
    return this.#tokens.some(
      ({ digest, expiresAt = Number.POSITIVE_INFINITY }) =>
        timingSafeEqual(digest, given) && now < expiresAt,
    );
  }
}

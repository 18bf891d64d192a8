import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';

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
  /** SHA-256 of those that open it. */
  #tokens: readonly Buffer[] = [];

  constructor({ hosts, needsToken }: AdminDoorOptions) {
    this.#hosts = new Set(['localhost', ...hosts.map((name) => name.toLowerCase())]);
    this.#needsToken = needsToken;
  }

  /**
   * Takes the text of a file of tokens, one a line: from now on these count and no others.
   *
   * @throws Error if there is none in it
   */
  setTokens(text: string): void {
    const tokens = text.split(/\s+/).filter((token) => token !== '');
    if (tokens.length === 0) throw new Error('the file holds no token');
    this.#tokens = tokens.map(digest);
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
    const given = digest(token);
    return this.#tokens.some((one) => timingSafeEqual(one, given));
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

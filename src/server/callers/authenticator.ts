import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { literally, withRuns } from '../../core/name-pattern.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type JwtOptions, JwtVerifier } from './jwt.ts';
import { LiveText } from './live-text.ts';
import { type CallerOptions, RegisteredCaller } from './registered-caller.ts';
import { digestOf, parseTokens } from './token-list.ts';
import { TokenTable } from './token-table.ts';

export interface AuthenticatorOptions {
  readonly callers: readonly CallerOptions[];
  /** Absent: JWTs are not taken. */
  readonly jwt?: JwtOptions;
}

export interface AuthenticatorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The names in a caller's certificate, once it was verified. */
export interface CertifiedNames {
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Epoch ms. A connection may outlive its certificate. */
  readonly expiresAt: number;
}

interface Patterned {
  readonly caller: RegisteredCaller;
  readonly matches: (name: string) => boolean;
}

/** Callers cannot be told: a file with what they are known by cannot be read. */
export class CallersError extends Error {
  override readonly name = 'CallersError';
}

/** Longer than any token of ours and than the JWTs of Kubernetes, which are of 1 to 2 KiB. */
const MAX_TOKEN_LENGTH = 8 * 1024;

/** JWTs whose verdict is kept; the oldest go first. */
const MAX_KNOWN_JWTS = 10_000;
/** How long it is kept, so that a key that was withdrawn ends what it signed. In ms. */
const KNOWN_JWT_MS = 60_000;

interface KnownJwt {
  readonly caller: RegisteredCaller;
  /** Epoch ms. */
  readonly until: number;
}

/** Tells who makes a call, by the token or the certificate that it comes with. */
export class Authenticator {
  readonly options: AuthenticatorOptions;
  readonly #deps: AuthenticatorDeps;
  /** By name. */
  readonly #callers: ReadonlyMap<string, RegisteredCaller>;
  readonly #tokens = new TokenTable();
  readonly #files: readonly { readonly caller: RegisteredCaller; readonly text: LiveText }[];
  readonly #bySan: readonly Patterned[];
  readonly #bySubject: readonly Patterned[];
  readonly #jwt: JwtVerifier | undefined;
  /** By digest; another map with each change of the keys. */
  #knownJwts = new Map<string, KnownJwt>();

  constructor(options: AuthenticatorOptions, deps: AuthenticatorDeps) {
    const { callers, jwt } = options;
    this.options = options;
    this.#deps = deps;
    const registered = callers.map((options) => ({
      options,
      caller: new RegisteredCaller(options, deps.clock),
    }));
    this.#callers = new Map(registered.map(({ caller }) => [caller.name, caller]));
    this.#files = registered.flatMap(({ options: { tokenFile }, caller }) =>
      tokenFile === undefined ? [] : [{ caller, text: this.#tokenFile(tokenFile, caller) }],
    );
    const patterned = (key: 'san' | 'subject') =>
      registered.flatMap(({ options, caller }) => {
        const { [key]: pattern } = options;
        return pattern === undefined ? [] : [{ caller, matches: segmentPattern(pattern) }];
      });
    this.#bySan = patterned('san');
    this.#bySubject = patterned('subject');
    if (jwt !== undefined) {
      const onNewKeys = (): void => {
        this.#knownJwts = new Map();
      };
      this.#jwt = new JwtVerifier(jwt, { ...deps, onNewKeys });
    }
  }

  /** Counts on where the one before it stands, for the callers that both know. */
  follow(before: Authenticator): void {
    for (const [name, { limits }] of this.#callers) {
      const known = before.#callers.get(name);
      if (known !== undefined) limits.follow(known.limits);
    }
  }

  /** Reads the files, and from then on when they change. @throws CallersError that names the caller */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  async #start(): Promise<void> {
    await this.#jwt?.start();
    for (const { caller, text } of this.#files) {
      try {
        await text.start();
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new CallersError(`tokenFile of the caller ${caller.name}: ${message}`, { cause });
      }
    }
  }

  stop(): void {
    for (const { text } of this.#files) text.stop();
    this.#jwt?.stop();
  }

  /**
   * Whoever makes a call. What is known already is told at once, so that a call does not wait for it.
   *
   * @param authorization the header
   * @param certificate the verified one of the connection; it counts if there is no token
   * @throws ProviderError CALLER_UNAUTHENTICATED, at once or later
   */
  authenticate(
    authorization: string | undefined,
    certificate: CertifiedNames | undefined,
  ): RegisteredCaller | Promise<RegisteredCaller> {
    if (authorization !== undefined) return this.#byToken(bearerOf(authorization));
    const names = certificate === undefined ? [] : [...certificate.dnsNames, ...certificate.uris];
    const found = this.#bySan.find(({ matches }) => names.some(matches));
    if (certificate !== undefined && this.#deps.clock.now() >= certificate.expiresAt) {
      throw refusal('The certificate has expired.');
    }
    if (found !== undefined) return found.caller;
    if (names.length > 0) throw refusal('No caller has a name of this certificate.');
    throw refusal('The call carries no token.');
  }

  #byToken(token: string): RegisteredCaller | Promise<RegisteredCaller> {
    const now = this.#deps.clock.now();
    const digest = digestOf(token);
    const known = this.#tokens.find(digest);
    if (known !== undefined) {
      if (now < (known.expiresAt ?? Number.POSITIVE_INFINITY)) return known.caller;
      throw refusal('The token has expired.');
    }
    if (this.#jwt === undefined || token.split('.').length !== 3) {
      throw refusal('The token is not known.');
    }
    const key = digest.toString('latin1');
    const verified = this.#knownJwts.get(key);
    if (verified !== undefined && now < verified.until) return verified.caller;
    return this.#byJwt(this.#jwt, token, key);
  }

  async #byJwt(verifier: JwtVerifier, token: string, key: string): Promise<RegisteredCaller> {
    const known = this.#knownJwts;
    const { subject, expiresAt } = await verifier.verify(token);
    // Of keys that have been replaced meanwhile: the verdict may be what they were withdrawn for.
    if (known !== this.#knownJwts) return this.#byJwt(verifier, token, key);
    const found = this.#bySubject.find(({ matches }) => matches(subject));
    if (found === undefined) throw refusal('No caller has the subject of this token.');
    const until = Math.min(expiresAt, this.#deps.clock.now() + KNOWN_JWT_MS);
    known.delete(key);
    known.set(key, { caller: found.caller, until });
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KNOWN_JWTS) break;
      known.delete(oldest);
    }
    return found.caller;
  }

  #tokenFile(path: string, caller: RegisteredCaller): LiveText {
    const { clock, logger } = this.#deps;
    return new LiveText(path, {
      clock,
      take: (text) => {
        for (const { name } of this.#tokens.replace(caller, parseTokens(text))) {
          logger.info({ caller: name }, "a caller's tokens were read");
        }
      },
      onRefusal: (err) =>
        logger.error({ err, caller: caller.name }, "a caller's changed tokens are refused"),
    });
  }
}

function bearerOf(authorization: string): string {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token !== undefined && token.length <= MAX_TOKEN_LENGTH) return token;
  throw refusal('The authorization is no bearer token.');
}

/** @param message for callers: what is wrong, and nothing of what is known */
export function refusal(message: string): ProviderError {
  return new ProviderError('CALLER_UNAUTHENTICATED', { message });
}

/**
 * A matcher of names in parts, such as SPIFFE ids and names of service accounts: `*` is any run of
 * characters without `/` and `:`, so that it never reaches into the next part.
 */
function segmentPattern(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*').map((piece) => literally(piece).replaceAll('?', '\\?'));
  const expression = new RegExp(withRuns(pieces, '[^/:]'), 'u');
  return (name) => expression.test(name);
}

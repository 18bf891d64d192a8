import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { JwksFile, type JwksSource, JwksUrl } from './jwks.ts';

export interface JwtOptions {
  /** `iss` must be it. */
  readonly issuer: string;
  /** `aud` must hold it. */
  readonly audience: string;
  /** Of signatures: asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Where the issuer's public keys are: one of the two. */
  readonly jwksFile?: string;
  /** https. */
  readonly jwksUrl?: string;
  /** Of the CA that vouches for the server of `jwksUrl`. Absent: those that Node.js knows. */
  readonly caFile?: string;
  /** With a bearer token for `jwksUrl`, as the API server of Kubernetes wants one. */
  readonly jwksTokenFile?: string;
}

export interface JwtDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the issuer's keys are others. */
  readonly onNewKeys: () => void;
}

export interface VerifiedJwt {
  readonly subject: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** By how much clocks may differ, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/** Verifies the JWTs of one issuer. */
export class JwtVerifier {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #source: JwksSource;

  constructor(options: JwtOptions, deps: JwtDeps) {
    const { jwksFile, jwksUrl, caFile, jwksTokenFile } = options;
    this.#options = options;
    this.#clock = deps.clock;
    if (jwksFile !== undefined) this.#source = new JwksFile(jwksFile, deps);
    else if (jwksUrl !== undefined) {
      this.#source = new JwksUrl(new URL(jwksUrl), { caFile, tokenFile: jwksTokenFile }, deps);
    } else throw new Error('Neither a file nor a URL of a JWKS is given.');
  }

  start(): Promise<void> {
    return this.#source.start();
  }

  stop(): void {
    this.#source.stop();
  }

  /** @throws ProviderError CALLER_UNAUTHENTICATED; SERVICE_UNAVAILABLE if there are no keys to verify with */
  async verify(token: string): Promise<VerifiedJwt> {
    const keys = await this.#source.keys();
    try {
      return await this.#verifyWith(token, keys);
    } catch (thrown) {
      // The issuer may have a new key, under a name of its own, an old name or none.
      const newer = isOfNoKey(thrown) ? await this.#source.newerKeys() : keys;
      if (newer === keys) throw toRefusal(thrown);
      return await this.#verifyWith(token, newer).catch((failed) => {
        throw toRefusal(failed);
      });
    }
  }

  async #verifyWith(token: string, keys: JWTVerifyGetKey): Promise<VerifiedJwt> {
    const { issuer, audience, algorithms } = this.#options;
    const options = {
      issuer,
      audience,
      algorithms: [...algorithms],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(this.#clock.now()),
    };
    try {
      return toVerified((await jwtVerify(token, keys, options)).payload);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
      // It does not say which key it was signed with.
      for await (const key of thrown) {
        try {
          return toVerified((await jwtVerify(token, key, options)).payload);
        } catch (failed) {
          if (isOfItsClaims(failed)) throw failed;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}

/** @throws JWTClaimValidationFailed if its subject is no name */
function toVerified(payload: JWTPayload): VerifiedJwt {
  const { sub, exp = 0 } = payload;
  if (typeof sub !== 'string' || sub === '') {
    throw new errors.JWTClaimValidationFailed('"sub" must be a name', payload, 'sub', 'invalid');
  }
  return { subject: sub, expiresAt: exp * 1_000 };
}

/** Whether no key that we have made its signature. */
function isOfNoKey(thrown: unknown): boolean {
  return (
    thrown instanceof errors.JWKSNoMatchingKey ||
    thrown instanceof errors.JWSSignatureVerificationFailed
  );
}

/** Whether it is the issuer's, and says what it should not. */
function isOfItsClaims(thrown: unknown): boolean {
  return thrown instanceof errors.JWTExpired || thrown instanceof errors.JWTClaimValidationFailed;
}

function toRefusal(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const message =
    thrown instanceof errors.JWTExpired
      ? 'The token has expired.'
      : 'The token is not valid: its signature, issuer, audience or time.';
  return new ProviderError('CALLER_UNAUTHENTICATED', { message, cause: thrown });
}

import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'tamma-provider';
export const SUBJECT = 'system:serviceaccount:shop:checkout';

/** Somebody who signs JWTs. */
export interface Issuer {
  /** Its public keys, as a JWKS. */
  readonly jwks: string;
  /** A JWT for SUBJECT that ends in an hour; `claims` replace what it says, undefined leaves it out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: object): Promise<string>;
}

/** @param kid name of its key; empty: it has none */
export async function anIssuer(kid = 'key-1', alg = 'ES256'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const named = kid === '' ? {} : { kid };
  return {
    jwks: JSON.stringify({
      keys: [{ ...(await exportJWK(publicKey)), ...named, alg, use: 'sig' }],
    }),
    sign: (claims, header = {}) => sign(privateKey, { alg, ...named, ...header }, claims),
  };
}

function sign(key: CryptoKey, header: { alg: string }, claims: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: SUBJECT, iat: now, exp: now + 3600, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader(header).sign(key);
}

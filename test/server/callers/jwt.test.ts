import { createHmac, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { JwtVerifier } from '../../../src/server/callers/jwt.ts';
import { LiveText } from '../../../src/server/callers/live-text.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AUDIENCE, anIssuer, ISSUER, type Issuer, SUBJECT } from '../../support/issuer.ts';
import { LogRecorder } from '../../support/running-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();
const jwksFile = join(directory, 'jwks');
const clock = new FakeClock(1_800_000_000_000);
const NOW = 1_800_000_000;

/** What a JWT is held for, with the keys of a file. */
async function verifierOf(jwks: string, issuer = ISSUER) {
  writeFileSync(jwksFile, jwks);
  const logger = createLogger({ level: 'silent', destination: new LogRecorder() });
  const algorithms = ['ES256', 'RS256'];
  const options = { issuer, audience: AUDIENCE, algorithms, jwksFile };
  const verifier = new JwtVerifier(options, { clock, logger, onNewKeys: () => {} });
  await verifier.start();
  verifier.stop();
  return (token: string) =>
    verifier.verify(token).then(
      ({ subject }) => subject,
      (error) => (error.reason === 'CALLER_UNAUTHENTICATED' ? 'refused' : String(error)),
    );
}

let issuer: Issuer;
let parts: readonly string[];
beforeAll(async () => {
  issuer = await anIssuer();
  parts = (await issuer.sign({ exp: NOW + 3600 })).split('.');
});
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = { iss: ISSUER, aud: AUDIENCE, sub: SUBJECT, exp: NOW + 3600 };

describe('a JWT', () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ['of the issuer, with a slash behind it', { iss: `${ISSUER}/` }, false],
    ['of the issuer in capitals', { iss: ISSUER.toUpperCase() }, false],
    ['of no issuer', { iss: undefined }, false],
    ['for no audience', { aud: [] }, false],
    ['for an audience that begins alike', { aud: `${AUDIENCE}-2` }, false],
    ['that is over since a second', { exp: NOW - 1 }, true],
    ['that is over since six seconds', { exp: NOW - 6 }, false],
    ['that is over at a time that is no number', { exp: 'tomorrow' }, false],
    ['that begins in four seconds', { nbf: NOW + 4 }, true],
    ['that begins in a minute', { nbf: NOW + 60 }, false],
    ['that begins at a time that is no number', { nbf: '0' }, false],
    ['of nobody', { sub: '' }, false],
    ['of a number', { sub: 7 }, false],
    ['of a list with the right name', { sub: [SUBJECT] }, false],
  ])('%s', async (_, changed, isIn) => {
    const verify = await verifierOf(issuer.jwks);
    const token = await issuer.sign({ exp: NOW + 3600, ...changed });
    expect(await verify(token)).toBe(isIn ? SUBJECT : 'refused');
  });

  it.each<[string, (head?: string, payload?: string, signature?: string) => string]>([
    ['without an algorithm', () => `${encoded({ alg: 'none' })}.${encoded(claims)}.`],
    ['without one, in capitals', () => `${encoded({ alg: 'NONE' })}.${encoded(claims)}.`],
    ['whose signature is none', (head, payload) => `${head}.${payload}.`],
    ['whose signature was cut', (...all) => all.join('.').slice(0, -4)],
    [
      'whose claims were changed',
      (head, _, signature) => `${head}.${encoded(claims)}.${signature}`,
    ],
    ['with two algorithms', (_, ...rest) => [encoded({ alg: ['ES256'] }), ...rest].join('.')],
    ['with more that is to be understood', () => hmac({ alg: 'ES256', crit: ['x'], x: 1 })],
    ['with the public key as a secret', () => hmac({ alg: 'HS256', kid: 'key-1' })],
    ['with a secret in its head', () => hmac({ alg: 'HS256', jwk: { kty: 'oct', k: 'eA' } })],
    ['of three empty parts', () => '..'],
    ['that is no JSON', () => `${Buffer.from('{').toString('base64url')}.e.e`],
  ])('%s is refused', async (_, make) => {
    const verify = await verifierOf(issuer.jwks);
    expect(await verify(make(...parts))).toBe('refused');
  });

  it('with a key of its own, or that it says where to find, is refused', async () => {
    const verify = await verifierOf(issuer.jwks);
    const stranger = await anIssuer('key-1');
    const [jwk] = JSON.parse(stranger.jwks).keys;
    for (const header of [{ jwk }, { jku: 'https://evil.test/jwks' }, { x5u: 'https://e.test' }]) {
      expect(await verify(await stranger.sign({ exp: NOW + 60 }, header))).toBe('refused');
    }
  });

  it('is known by a key that is new, under a name, an old name or none', async () => {
    for (const [old, next] of [
      ['one', 'two'],
      ['one', 'one'],
      ['', ''],
    ] as const) {
      const [before, after] = [await anIssuer(old), await anIssuer(next)];
      const verify = await verifierOf(before.jwks);
      const token = await after.sign({ exp: NOW + 60 });
      expect(await verify(token)).toBe('refused');
      writeFileSync(jwksFile, after.jwks);
      expect(await verify(token)).toBe(SUBJECT);
      expect(await verify(await before.sign({ exp: NOW + 60 }))).toBe('refused');
    }
  });

  it('without the name of its key is tried with each that can be used', async () => {
    const [one, two] = [await anIssuer('', 'RS256'), await anIssuer('', 'RS256')];
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const keys = [
      { ...weak.publicKey.export({ format: 'jwk' }), alg: 'RS256' },
      ...[one, two].flatMap(({ jwks }) => JSON.parse(jwks).keys),
    ];
    const verify = await verifierOf(JSON.stringify({ keys }));
    expect(await verify(await two.sign({ exp: NOW + 60 }))).toBe(SUBJECT);
    expect(await verify(await two.sign({ exp: NOW - 60 }))).toBe('refused');
  });
});

describe('the keys of an issuer', () => {
  const key = () => JSON.parse(issuer.jwks).keys[0];
  const setOf = (count: number) =>
    JSON.stringify({
      keys: Array.from({ length: count }, (_, at) => ({ ...key(), kid: `${at}` })),
    });

  it('are refused where there are more than any issuer has', async () => {
    await expect(verifierOf(setOf(257))).rejects.toThrow('more than 256 keys');
    await verifierOf(setOf(256));
  });

  it('with names that are none are of no use, and harm nobody', async () => {
    for (const kid of [7, null, ['key-1'], { toString: 'key-1' }, '__proto__', 'constructor', '']) {
      const strange = { ...key(), kid };
      const keys = [strange, ...JSON.parse(issuer.jwks).keys];
      const verify = await verifierOf(JSON.stringify({ keys }));
      expect(await verify(await issuer.sign({ exp: NOW + 60 }))).toBe(SUBJECT);
      const alone = await verifierOf(JSON.stringify({ keys: [strange] }));
      expect(await alone(await issuer.sign({ exp: NOW + 60 }))).toBe('refused');
    }
  });

  it.each([
    ['a key that is none', '{"keys":[null]}'],
    ['a key that is a text', '{"keys":["a"]}'],
    ['half a million levels', `{"keys":[{"x":${'['.repeat(5e5)}${']'.repeat(5e5)}}]}`],
    ['no list', '{"keys":{"length":1}}'],
  ])('are refused: %s', async (_what, jwks) => {
    await expect(verifierOf(jwks)).rejects.toThrow('callerJwt.jwksFile');
  });

  it('may begin with the mark of a file of Windows', async () => {
    const verify = await verifierOf(`\uFEFF${issuer.jwks}\r\n`);
    expect(await verify(await issuer.sign({ exp: NOW + 60 }))).toBe(SUBJECT);
  });

  it('are looked for once for all forged tokens of a storm', async () => {
    const verify = await verifierOf(issuer.jwks);
    const stranger = await anIssuer('another');
    const token = await stranger.sign({ exp: NOW + 60 });
    const look = jest.spyOn(LiveText.prototype, 'look');
    try {
      await Promise.all(Array.from({ length: 100 }, () => verify(token)));
      expect(look).toHaveBeenCalledTimes(2);
    } finally {
      look.mockRestore();
    }
  });
});

function hmac(header: object): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${createHmac('sha256', issuer.jwks).update(text).digest('base64url')}`;
}

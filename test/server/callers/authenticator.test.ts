import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Authenticator,
  type AuthenticatorOptions,
} from '../../../src/server/callers/authenticator.ts';
import { JwtVerifier } from '../../../src/server/callers/jwt.ts';
import type { CallerOptions } from '../../../src/server/callers/registered-caller.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AUDIENCE, anIssuer, ISSUER } from '../../support/issuer.ts';
import { LogRecorder } from '../../support/running-server.ts';
import { filesIn, tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();

const write = filesIn(directory);

const caller = (fields: Partial<CallerOptions>): CallerOptions => ({
  name: 'shop',
  rights: [],
  limits: {},
  ...fields,
});

let running: Authenticator | undefined;
afterEach(() => running?.stop());

async function start(options: AuthenticatorOptions, clock = new FakeClock(Date.now())) {
  const log = new LogRecorder();
  const logger = createLogger({ level: 'info', destination: log });
  const authenticator = new Authenticator(options, { clock, logger });
  running = authenticator;
  await authenticator.start();
  return { authenticator, clock, log };
}

/** The name of the caller, or why there is none. */
async function nameOf(authenticator: Authenticator, token: string): Promise<string> {
  try {
    return (await authenticator.authenticate(`Bearer ${token}`, undefined)).name;
  } catch (error) {
    return String(error);
  }
}

/** Lets files be read again until it is so. */
async function until(clock: FakeClock, isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    clock.advance(2_000);
    await turn();
  }
}

const A = 'token-a-0123456789';
const B = 'token-b-0123456789';
const C = 'token-c-0123456789';
const UNKNOWN = 'ProviderError: The token is not known.';

describe('tokens', () => {
  it('of a file that changes are taken and dropped', async () => {
    const tokenFile = write('rotated', A);
    const { authenticator, clock } = await start({ callers: [caller({ tokenFile })] });
    expect(await nameOf(authenticator, A)).toBe('shop');
    expect(await nameOf(authenticator, B)).toBe(UNKNOWN);
    const holds = async (token: string) => (await nameOf(authenticator, token)) === 'shop';
    write('rotated', `${A}\n${B}\n`);
    await until(clock, () => holds(B));
    expect(await holds(A)).toBe(true);
    write('rotated', B);
    await until(clock, async () => !(await holds(A)));
    expect(await holds(B)).toBe(true);
  });

  it('stay while the file is gone or makes no sense, which the log says once', async () => {
    const tokenFile = write('broken', A);
    const { authenticator, clock, log } = await start({ callers: [caller({ tokenFile })] });
    const complaints = () => log.lines.filter(({ msg }) => String(msg).includes('refused')).length;
    let changes = 0;
    for (const text of ['', `${A} tomorrow`, 'secret', undefined]) {
      if (text === undefined) rmSync(tokenFile);
      else write('broken', text);
      changes += 1;
      await until(clock, () => complaints() === changes);
      expect(await nameOf(authenticator, A)).toBe('shop');
    }
    expect(JSON.stringify(log.lines)).not.toContain('secret');
  });

  it('end when their time has come', async () => {
    const clock = new FakeClock(Date.parse('2026-12-31T23:59:58Z'));
    const tokenFile = write('timed', `${A} 2027-01-01T00:00:00Z`);
    const { authenticator } = await start({ callers: [caller({ tokenFile })] }, clock);
    expect(await nameOf(authenticator, A)).toBe('shop');
    clock.advance(2_000);
    expect(await nameOf(authenticator, A)).toBe('ProviderError: The token has expired.');
  });

  it.each<[string, string]>([
    ['', 'there is no token in it'],
    ['short', 'line 1: a token must be 16 to 1024 visible ASCII characters'],
    [`\n${A} tomorrow`, 'line 2: the time must be like 2026-12-31T23:59:59Z'],
    [`${A} 2026-12-31T23:59:59Z x`, 'line 1: there is more than a token and a time'],
    ['sha256:abc', 'line 1: sha256: must be followed by 64 hexadecimal digits'],
    ['\n'.repeat(10_000), 'there are more than 10000 lines in it'],
    [`${A}\n`.repeat(1_001), 'there are more than 1000 tokens in it'],
  ])('do not start with %j', async (text, problem) => {
    const starting = start({ callers: [caller({ tokenFile: write('wrong', text) })] });
    await expect(starting).rejects.toThrow(`tokenFile of the caller shop: ${problem}`);
  });

  it('do not start without their file, nor if two callers have the same', async () => {
    const missing = start({ callers: [caller({ tokenFile: join(directory, 'none') })] });
    await expect(missing).rejects.toThrow(/tokenFile of the caller shop: .*ENOENT/);
    const tokenFile = write('same', A);
    const twice = [caller({ tokenFile }), caller({ name: 'other', tokenFile })];
    await expect(start({ callers: twice })).rejects.toThrow(
      'the callers shop and other have the same token',
    );
  });
});

// The files of one Secret change together, and are read one by one.
describe('a token that goes from one caller to another', () => {
  it.each([
    ['alone', A, `${B}\n${C}`, `${A}\n${B}`, C],
    ['against one of his', A, B, B, A],
  ])('is known as the new one, %s', async (_, mine, yours, myNext, yourNext) => {
    const callers = [
      caller({ name: 'me', tokenFile: write('mine', mine) }),
      caller({ name: 'you', tokenFile: write('yours', yours) }),
    ];
    const { authenticator, clock, log } = await start({ callers });
    expect(await nameOf(authenticator, B)).toBe('you');
    write('mine', myNext);
    await until(clock, () => log.lines.some(({ level }) => level === 'error'));
    expect(await nameOf(authenticator, B)).toBe('you');
    write('yours', yourNext);
    await until(clock, async () => (await nameOf(authenticator, B)) === 'me');
    expect(await nameOf(authenticator, yourNext)).toBe('you');
    expect(log.lines.filter(({ msg }) => /were read/.test(String(msg)))).toHaveLength(4);
  });
});

describe('certificates', () => {
  it.each([
    ['spiffe://cluster.local/ns/shop/sa/*', 'spiffe://cluster.local/ns/shop/sa/web', true],
    ['spiffe://cluster.local/ns/*/sa/web', 'spiffe://cluster.local/ns/shop/sa/web', true],
    ['spiffe://cluster.local/ns/*', 'spiffe://cluster.local/ns/shop/sa/web', false],
    ['spiffe://cluster.local/*', 'spiffe://cluster.local.evil.test/web', false],
    ['spiffe://cluster.local/ns/shop/sa/*', 'spiffe://other.local/ns/shop/sa/web', false],
    ['spiffe://*/ns/shop/sa/web', 'spiffe://evil.test/x/ns/shop/sa/web', false],
    ['spiffe://cluster.local/*', 'SPIFFE://cluster.local/web', false],
    ['*.shop.svc', 'web.shop.svc', true],
    ['web.shop.svc', '*.shop.svc', false],
    ['*.shop.svc', 'web.shop.svcx', false],
    ['web.shop.svc', 'webxshop.svc', false],
  ])('%s takes %s: %s', async (san, name, isIn) => {
    const { authenticator } = await start({ callers: [caller({ san })] });
    const names = { dnsNames: ['else.test'], uris: [name], expiresAt: Number.POSITIVE_INFINITY };
    const ask = () => authenticator.authenticate(undefined, names);
    if (isIn) expect(ask()).toMatchObject({ name: 'shop' });
    else expect(ask).toThrow('No caller has a name of this certificate.');
  });

  it('end, though the connection stands', async () => {
    const { authenticator, clock } = await start({ callers: [caller({ san: 'web.test' })] });
    const names = { dnsNames: ['web.test'], uris: [], expiresAt: clock.now() + 1_000 };
    expect(authenticator.authenticate(undefined, names)).toMatchObject({ name: 'shop' });
    clock.advance(1_000);
    expect(() => authenticator.authenticate(undefined, names)).toThrow(
      'The certificate has expired.',
    );
  });

  it('do not count beside a token', async () => {
    const { authenticator } = await start({ callers: [caller({ san: 'web.test' })] });
    const names = { dnsNames: ['web.test'], uris: [], expiresAt: Number.POSITIVE_INFINITY };
    expect(() => authenticator.authenticate('Bearer x', names)).toThrow('The token is not known.');
  });
});

describe('JWTs', () => {
  const jwt = (jwks: string) => ({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256', 'RS256'],
    jwksFile: write('jwks', jwks),
  });
  const callers = [caller({ subject: 'system:serviceaccount:shop:*' })];

  it('are verified once, and again when the keys are others', async () => {
    const [issuer, next] = [await anIssuer('one'), await anIssuer('two')];
    const { authenticator } = await start({ callers, jwt: jwt(issuer.jwks) });
    const [token, later] = [await issuer.sign(), await next.sign()];
    const first = authenticator.authenticate(`Bearer ${token}`, undefined);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ name: 'shop' });
    expect(authenticator.authenticate(`Bearer ${token}`, undefined)).not.toBeInstanceOf(Promise);
    expect(await nameOf(authenticator, later)).toContain('not valid');
    write('jwks', next.jwks);
    // A key that is not known is looked for at once.
    expect(await nameOf(authenticator, later)).toBe('shop');
    expect(await nameOf(authenticator, token)).toContain('not valid');
  });

  it('are verified again if the keys change meanwhile', async () => {
    const [issuer, next] = [await anIssuer('one'), await anIssuer('two')];
    const { authenticator } = await start({ callers, jwt: jwt(issuer.jwks) });
    const [token, later] = [await issuer.sign(), await next.sign()];
    const { verify } = JwtVerifier.prototype;
    const verifying = jest.spyOn(JwtVerifier.prototype, 'verify');
    verifying.mockImplementationOnce(async function (this: JwtVerifier, token) {
      const verdict = await verify.call(this, token);
      write('jwks', next.jwks);
      expect(await nameOf(authenticator, later)).toBe('shop');
      return verdict;
    });
    expect(await nameOf(authenticator, token)).toContain('not valid');
    expect(await nameOf(authenticator, token)).toContain('not valid');
    verifying.mockRestore();
  });

  it('end while they are known', async () => {
    const issuer = await anIssuer('one', 'RS256');
    const { authenticator, clock } = await start({ callers, jwt: jwt(issuer.jwks) });
    const token = await issuer.sign({ exp: Math.floor(clock.now() / 1000) + 30 });
    expect(await nameOf(authenticator, token)).toBe('shop');
    clock.advance(40_000);
    expect(await nameOf(authenticator, token)).toBe('ProviderError: The token has expired.');
  });

  it('that do not name their key are tried with each', async () => {
    const [one, two] = [await anIssuer(''), await anIssuer('')];
    const keys = [one, two].flatMap(({ jwks }) => JSON.parse(jwks).keys);
    const { authenticator } = await start({ callers, jwt: jwt(JSON.stringify({ keys })) });
    expect(await nameOf(authenticator, await two.sign())).toBe('shop');
    expect(await nameOf(authenticator, await one.sign())).toBe('shop');
    expect(await nameOf(authenticator, await one.sign({ aud: 'x' }))).toContain('not valid');
    expect(await nameOf(authenticator, await (await anIssuer('')).sign())).toContain('not valid');
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{}', 'there are no keys in it'],
    ['null', 'there are no keys in it'],
  ])('do not start with the keys %s', async (jwks, problem) => {
    await expect(start({ callers, jwt: jwt(jwks) })).rejects.toThrow(
      `callerJwt.jwksFile: ${problem}`,
    );
  });
});

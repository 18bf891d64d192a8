/**
 * `node bench/callers.ts`: what it costs to know who makes a call, in µs of CPU, with 1,000 tokens in
 * force: a token, a wrong one, a JWT that was seen before, and a new one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { Authenticator } from '../src/server/callers/authenticator.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { AUDIENCE, anIssuer, ISSUER } from '../test/support/issuer.ts';

const directory = mkdtempSync(join(tmpdir(), 'bench-callers-'));
const write = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

const issuer = await anIssuer();
const tokens = Array.from({ length: 1_000 }, (_, number) => `token-number-${number}-of-the-bench`);
const authenticator = new Authenticator(
  {
    callers: [
      { name: 'token', tokenFile: write('tokens', tokens.join('\n')), rights: [], limits: {} },
      { name: 'jwt', subject: 'system:*:*:*', rights: [], limits: {} },
    ],
    jwt: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwksFile: write('jwks', issuer.jwks),
    },
  },
  { clock: systemClock, logger: createLogger({ level: 'silent' }) },
);
await authenticator.start();

/** The CPU that `work` takes for each of `times`. */
async function measure(name: string, times: number, work: (n: number) => unknown): Promise<void> {
  const before = process.cpuUsage();
  for (let n = 0; n < times; n += 1) {
    const result = work(n);
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  console.log(`${((user + system) / times).toFixed(1).padStart(7)} µs  ${name}`);
}

const ask = (token: string) => authenticator.authenticate(`Bearer ${token}`, undefined);
const askInVain = (token: string) => {
  try {
    return ask(token);
  } catch {
    return undefined;
  }
};
const jwt = await issuer.sign();
const jwts: string[] = [];
for (let n = 0; n < 500; n += 1) jwts.push(await issuer.sign({ jti: n }));
await ask(jwt);

// The first calls of anything are slower.
for (let n = 0; n < 20_000; n += 1) ask(tokens[n % tokens.length] ?? '');
await measure('a token', 100_000, (n) => ask(tokens[n % tokens.length] ?? ''));
await measure('a wrong token', 20_000, (n) => askInVain(`wrong-token-${n}`));
await measure('a JWT that was seen before', 100_000, () => ask(jwt));
await measure('a new JWT, ES256', jwts.length, (n) => ask(jwts[n] ?? ''));
authenticator.stop();
rmSync(directory, { recursive: true });

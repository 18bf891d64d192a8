import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtVerifier } from '../../../src/server/callers/jwt.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Authority } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AUDIENCE, anIssuer, ISSUER, SUBJECT } from '../../support/issuer.ts';
import { LogRecorder } from '../../support/running-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const authority = new Authority();
const certificate = authority.issue({ commonName: 'issuer', dns: ['localhost'] });

const directory = tempFolder();
const caFile = join(directory, 'ca.pem');
const tokenFile = join(directory, 'token');
writeFileSync(caFile, authority.cert);
writeFileSync(tokenFile, 'token-of-this-pod\n');

let server: Server | undefined;
let verifier: JwtVerifier | undefined;
afterEach(async () => {
  verifier?.stop();
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener, options: object = { caFile }) {
  server = createServer(certificate, listener).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = new FakeClock(Date.now());
  const log = new LogRecorder();
  verifier = new JwtVerifier(
    {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwksUrl: `https://localhost:${port}/openid/v1/jwks`,
      ...options,
    },
    { clock, logger: createLogger({ level: 'info', destination: log }), onNewKeys: () => {} },
  );
  await verifier.start();
  return { verifier, clock, log };
}

describe('the keys of a URL', () => {
  it('are fetched with our token, over TLS with our CA, and again for a key that is not known', async () => {
    let issuer = await anIssuer('one');
    const seen: unknown[] = [];
    const { verifier, clock } = await serve(
      ({ url, headers }, response) => {
        seen.push([url, headers.authorization]);
        response.end(issuer.jwks);
      },
      { caFile, jwksTokenFile: tokenFile },
    );
    expect(await verifier.verify(await issuer.sign())).toMatchObject({ subject: SUBJECT });
    expect(seen).toEqual([['/openid/v1/jwks', 'Bearer token-of-this-pod']]);
    issuer = await anIssuer('two');
    const token = await issuer.sign();
    // Not at once: whoever makes up names of keys would have it fetch without end.
    await expect(verifier.verify(token)).rejects.toThrow('not valid');
    clock.advance(10_000);
    expect(await verifier.verify(token)).toMatchObject({ subject: SUBJECT });
    expect(seen).toHaveLength(2);
  });

  it('hold while it does not answer', async () => {
    const issuer = await anIssuer();
    let answers = true;
    const { verifier, clock, log } = await serve((_, response) => {
      if (!answers) response.statusCode = 500;
      response.end(issuer.jwks);
    });
    const token = await issuer.sign();
    await verifier.verify(token);
    answers = false;
    clock.advance(5 * 60_000);
    await log.find(({ msg }) => String(msg).includes('cannot be had'));
    await verifier.verify(token);
  });

  it.each<[string, RequestListener, object]>([
    ['another status', (_, response) => response.writeHead(403).end(), { caFile }],
    ['a redirect', (_, response) => response.writeHead(302, { location: '/x' }).end(), { caFile }],
    [
      'another protocol',
      (_, response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end(),
      { caFile },
    ],
    ['what is no JWKS', (_, response) => response.end('<html>'), { caFile }],
    ['more than 1 MiB', (_, response) => response.end(Buffer.alloc(2 ** 20 + 1)), { caFile }],
    ['a certificate of nobody we know', (_, response) => response.end('{}'), {}],
  ])('cannot be had of %s, and then it is no fault of the token', async (_, listener, options) => {
    const { verifier } = await serve(listener, options);
    const token = await (await anIssuer()).sign();
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseCertificates } from '../../src/config/ca-file.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { eventually, LogProbe } from '../shared-store/support.ts';
import { Authority } from '../support/certificates.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { TlsFolder } from '../support/tls.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const [old, next] = [new Authority('old'), new Authority('next')];

let folder: TlsFolder;
let stub: StubUpstream;
let secure: Relay;
let clock: FakeClock;
let log: LogProbe;
let provider: OpenAIProvider;

beforeEach(async () => {
  folder = new TlsFolder();
  stub = await startStubUpstream();
  secure = await startRelay(stub.port, next.issue({ commonName: 'l', dns: ['localhost'] }));
  clock = new FakeClock();
  log = new LogProbe();
  const file = folder.write('ca.pem', old.cert);
  provider = createOpenAIProvider(
    {
      version: '1.2.3',
      keys: [],
      baseUrl: `https://localhost:${secure.port}/v1`,
      defaultModel: 'gpt-4o-mini',
      retry: { maxAttempts: 1 },
      ca: { pem: old.cert, file, parse: parseCertificates },
    },
    { clock, log },
  );
});

afterEach(async () => {
  await provider.dispose();
  await secure.close();
  await stub.close();
  folder.remove();
});

const call = () => provider.sendMessageSync({ messages: [{ role: 'user', content: 'Say hello' }] });

/** Writes the file, and waits until that was seen. */
async function put(text: string): Promise<void> {
  const { length } = log.lines;
  folder.write('ca.pem', text);
  clock.advance(5_000);
  await eventually(() => log.lines.length > length);
}

describe('the file of trusted certificates', () => {
  it('is read again when it changes, for connections that are made from then on', async () => {
    await expect(call()).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
    await put(`${old.cert}\n${next.cert}`);
    expect((await call()).content).toBe('Hello from the stub.');
    expect(log.lines).toEqual(['info: trusted certificates were read again from their file']);
    // The connection that stands was trusted by what is gone, and is not used again.
    await put(old.cert);
    await expect(call()).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
  });

  it('leaves what is trusted as it is while it holds no certificates', async () => {
    await put(next.cert);
    await put('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----');
    expect((await call()).attempts).toBe(1);
    expect(log.lines.at(-1)).toBe('warn: the trusted certificates stay: their file is wrong');
    await put(`${next.cert}\n${old.cert}`);
    expect(log.lines).toHaveLength(3);
  });
});

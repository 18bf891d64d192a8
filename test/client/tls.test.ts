import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/client/index.ts';
import { Authority } from '../support/certificates.ts';
import { serverPerTest } from '../support/server-per-test.ts';
import { TlsFolder } from '../support/tls.ts';

const authority = new Authority();
let folder: TlsFolder;
beforeEach(() => {
  folder = new TlsFolder();
});
afterEach(() => folder.remove());
const start = serverPerTest();

describe('a client over TLS', () => {
  it.each([
    ['the number it is reached at', '', { ips: ['127.0.0.1'] }, {}, 'reached'],
    ['another number', '', { ips: ['127.0.0.2'] }, {}, 'not reached'],
    ['the number in a name', 'dns:///', { ips: ['127.0.0.1'] }, {}, 'reached'],
    ['another number than in a list', 'ipv4:', { ips: ['127.0.0.2'] }, {}, 'not reached'],
    ['the number in a list', 'ipv4:', { ips: ['127.0.0.1'] }, {}, 'reached'],
    ['the name it is told', '', { dns: ['provider'] }, { serverName: 'provider' }, 'reached'],
    ['another name', '', { dns: ['other'] }, { serverName: 'provider' }, 'not reached'],
  ])('with a certificate of %s', async (_what, scheme, names, tls, outcome) => {
    folder.put(authority.issue({ commonName: 'sidecar', ...names }));
    const { addresses } = await start({
      listen: [{ address: '127.0.0.1:0', tls: folder.options() }],
    });
    const caFile = folder.write('roots.pem', authority.cert);
    const address = `${scheme}${addresses[0]}`;
    const sidecar = connect(address, { tls: { ...tls, caFile }, token: 'ignored' });
    // A handshake that fails is tried again, and again.
    const timeoutMs = outcome === 'reached' ? 60_000 : 500;
    const ready = sidecar.ready(timeoutMs).then(
      () => 'reached',
      () => 'not reached',
    );
    expect(await ready).toBe(outcome);
    if (outcome === 'reached') expect((await sidecar.getStatus()).status).toBeDefined();
    sidecar.close();
  });
});

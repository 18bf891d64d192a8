import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { machineWarnings } from '../../../src/cli/check-config/machine.ts';
import { Authority } from '../../support/certificates.ts';
import { load } from '../../support/config.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();
const file = join(directory, 'file');
writeFileSync(file, 'something');

const config = (path: string) => `
listen:
  - unix:${path}/provider.sock
  - { address: "0.0.0.0:50051", tls: { certFile: ${path}, keyFile: ${path}, clientCaFile: ${path} } }
adminListen: { address: "0.0.0.0:9464", insecure: true }
admin: { tokenFile: ${path} }
callers: [{ name: a, tokenFile: ${path} }]
callerJwt: { issuer: a, audience: b, jwksUrl: "https://a.test", caFile: ${path}, jwksTokenFile: ${path} }
`;

it('tells every file that is not there, by its key', () => {
  expect(machineWarnings(load(config('/nowhere/x')))).toEqual([
    'listen[0]: nothing can be made in /nowhere/x here (ENOENT).',
    'listen[1].tls.certFile: /nowhere/x cannot be read here (ENOENT).',
    'listen[1].tls.keyFile: /nowhere/x cannot be read here (ENOENT).',
    'listen[1].tls.clientCaFile: /nowhere/x cannot be read here (ENOENT).',
    'admin.tokenFile: /nowhere/x cannot be read here (ENOENT).',
    'callers[0].tokenFile: /nowhere/x cannot be read here (ENOENT).',
    'callerJwt.caFile: /nowhere/x cannot be read here (ENOENT).',
    'callerJwt.jwksTokenFile: /nowhere/x cannot be read here (ENOENT).',
  ]);
});

const write = (name: string, content: string) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};
const { cert, key } = new Authority().issue({ commonName: 'a' });
const certFile = write('cert', cert);
const keyFile = write('key', key);
const tokenFile = write('token', 'a-token-of-a-caller');

it('says nothing of what is there, and of a configuration that names nothing', () => {
  const yaml = config(file)
    .replace(`unix:${file}`, `unix:${directory}`)
    .replace(/(certFile|clientCaFile): [^,} ]+/g, `$1: ${certFile}`)
    .replace(/keyFile: [^,} ]+/, `keyFile: ${keyFile}`)
    .replace(/tokenFile: [^,} ]+/g, `tokenFile: ${tokenFile}`);
  expect(machineWarnings(load(`${yaml}dataDir: ${directory}/ledger`))).toEqual([]);
  expect(machineWarnings(load(''))).toEqual([]);
});

it.each([
  [
    certFile,
    write('other', new Authority().issue({ commonName: 'b' }).key),
    certFile,
    /^CERT and OTHER do not belong together \(.+\)\.$/,
  ],
  [keyFile, keyFile, certFile, /^KEY holds no certificate in PEM \(.+\)\.$/],
  [certFile, file, certFile, /^FILE holds no private key in PEM that can be read \(.+\)\.$/],
  [certFile, keyFile, file, /^FILE holds no certificate in PEM \(.+\)\.$/],
])(
  'tells of files of TLS that hold something else: %s, %s, %s',
  (certFile, keyFile, clientCaFile, told) => {
    const tls = `{ certFile: ${certFile}, keyFile: ${keyFile}, clientCaFile: ${clientCaFile} }`;
    const warnings = machineWarnings(load(`listen: [{ address: "0.0.0.0:50051", tls: ${tls} }]`));
    expect(warnings).toHaveLength(1);
    const [, words = ''] = warnings[0]?.split('listen[0].tls: ') ?? [];
    const short = words.replace(new RegExp(`${directory}/([a-z]+)`, 'g'), (_, name) =>
      name.toUpperCase(),
    );
    expect(short).toMatch(told);
  },
);

it('tells of tokens that are none, by their line', () => {
  expect(machineWarnings(load(`callers: [{ name: a, tokenFile: ${file} }]`))).toEqual([
    'callers[0].tokenFile: line 1: a token must be 16 to 1024 visible ASCII characters.',
  ]);
});

it('tells of a data directory that cannot be', () => {
  expect(machineWarnings(load(`dataDir: ${file}`))).toEqual([
    `dataDir: ${file} cannot be used here: it is no directory.`,
  ]);
});

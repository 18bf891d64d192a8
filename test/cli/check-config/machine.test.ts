import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { machineWarnings } from '../../../src/cli/check-config/machine.ts';
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

it('says nothing of what is there, and of a configuration that names nothing', () => {
  const yaml = config(file).replace(`unix:${file}`, `unix:${directory}`);
  expect(machineWarnings(load(`${yaml}dataDir: ${directory}/ledger`))).toEqual([]);
  expect(machineWarnings(load(''))).toEqual([]);
});

it('tells of a data directory that cannot be', () => {
  expect(machineWarnings(load(`dataDir: ${file}`))).toEqual([
    `dataDir: ${file} cannot be used here: it is no directory.`,
  ]);
});

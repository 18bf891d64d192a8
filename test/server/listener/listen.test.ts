import { once } from 'node:events';
import { existsSync, linkSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseListenAddress } from '../../../src/server/listener/address.ts';
import { describeWithIPv6 } from '../../support/describe-where.ts';
import { connect } from '../../support/grpc-client.ts';
import { startServer } from '../../support/running-server.ts';
import { tempFolders } from '../../support/temp-folder.ts';

const newFolder = tempFolders();
let folder: string;
let path: string;

beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'p.sock');
});

/** A listener of another program at `path`. */
async function listenAt(where: string) {
  const server = createServer((socket) => socket.destroy());
  server.listen(where);
  await once(server, 'listening');
  return {
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Leaves a socket file that nobody listens at, as a killed process does. */
async function leaveSocket(): Promise<void> {
  const other = join(folder, 'other.sock');
  const listener = await listenAt(other);
  linkSync(other, path);
  await listener.close();
}

/** The listeners of a server, by their addresses. */
function at(...addresses: readonly string[]) {
  return addresses.map((address) => ({ address }));
}

async function answers(address: string): Promise<boolean> {
  const client = connect(address);
  try {
    await client.provider.unary('GetStatus');
    return true;
  } finally {
    client.close();
  }
}

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:50051', { kind: 'tcp', host: '127.0.0.1', port: 50051 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['[::1]:65535', { kind: 'tcp', host: '[::1]', port: 65535 }],
    ['[fe80::1%br_0.7]:1', { kind: 'tcp', host: '[fe80::1%br_0.7]', port: 1 }],
    ['unix:/run/p.sock', { kind: 'unix', path: '/run/p.sock' }],
    ['unix:///run/p.sock', { kind: 'unix', path: '/run/p.sock' }],
    ['unix:p.sock', { kind: 'unix', path: 'p.sock' }],
  ])('reads %s', (address, parsed) => {
    expect(parseListenAddress(address)).toEqual(parsed);
  });

  it.each([
    '',
    'localhost',
    ':50051',
    '::1:50051',
    '[::1]',
    'a:b',
    'host:70000',
    'unix:',
    'http://h:1',
  ])('refuses "%s" by name', (address) => {
    expect(() => parseListenAddress(address)).toThrow(`"${address}" is not an address`);
  });
});

describeWithIPv6('listen on a machine with IPv6', () => {
  it('serves there', async () => {
    const server = await startServer({ listen: at('[::1]:0') });
    expect(server.addresses).toEqual([expect.stringMatching(/^\[::1\]:[1-9]\d*$/)]);
    for (const address of server.addresses) expect(await answers(address)).toBe(true);
    await server.stop();
  });
});

describe('listen', () => {
  it('serves on several addresses and tells the real ports', async () => {
    const server = await startServer({
      listen: at('127.0.0.1:0', '127.0.0.1:0', `unix:${path}`),
    });
    const tcp = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(server.addresses).toEqual([tcp, tcp, `unix:${path}`]);
    for (const address of server.addresses) expect(await answers(address)).toBe(true);
    await server.stop();
  });

  it("lets the owner's group connect to a socket, and removes it at the end", async () => {
    const server = await startServer({ listen: at(`unix:${path}`) });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('takes the place of a socket that nobody listens at', async () => {
    await leaveSocket();
    expect(existsSync(path)).toBe(true);
    const server = await startServer({ listen: at(`unix:${path}`) });
    expect(await answers(`unix:${path}`)).toBe(true);
    await server.stop();
  });

  it('leaves a socket alone at which somebody listens', async () => {
    const other = await listenAt(path);
    await expect(startServer({ listen: at(`unix:${path}`) })).rejects.toThrow(
      `cannot listen on unix:${path}: EADDRINUSE`,
    );
    expect(existsSync(path)).toBe(true);
    await other.close();
  });

  it('leaves a file alone that is not a socket', async () => {
    writeFileSync(path, 'precious');
    await expect(startServer({ listen: at(`unix:${path}`) })).rejects.toThrow('is not a socket');
    expect(existsSync(path)).toBe(true);
  });

  it('says why when the folder of a socket cannot be used', async () => {
    writeFileSync(path, 'a file');
    await expect(startServer({ listen: at(`unix:${path}/below.sock`) })).rejects.toThrow('ENOTDIR');
  });

  it('says that there is no directory for a socket file, and not that it may not be written to', async () => {
    const missing = `${path}-directory/provider.sock`;
    await expect(startServer({ listen: at(`unix:${missing}`) })).rejects.toThrow(
      /cannot listen on unix:.*provider\.sock: ENOENT: no such file or directory, stat '.*-directory'/,
    );
  });

  it('closes what it bound when a later address fails, and names that one', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const name = `127.0.0.1:${address.port}`;
    await expect(startServer({ listen: at(`unix:${path}`, name) })).rejects.toThrow(
      new RegExp(`^cannot listen on ${name}: .*EADDRINUSE`),
    );
    expect(existsSync(path)).toBe(false);
    taken.close();
  });

  it('binds nothing when the syntax of an address is wrong', async () => {
    await expect(startServer({ listen: at(`unix:${path}`, 'nonsense') })).rejects.toThrow(
      'nonsense',
    );
    expect(existsSync(path)).toBe(false);
  });
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Metadata, Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { logLibrary } from '../../../src/server/telemetry/library-log.ts';

afterEach(() => setLogger(console));

describe('what grpc-js has to say', () => {
  it('goes to the log and not to the console', async () => {
    const lines: unknown[] = [];
    const log = (fields: object) => void lines.push(fields);
    logLibrary({ warn: log, debug: log });
    const holder = createServer();
    await once(holder.listen(0, '127.0.0.1'), 'listening');
    const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    const server = new Server();
    const failed = Promise.withResolvers<unknown>();
    server.bindAsync(taken, ServerCredentials.createInsecure(), (error) => failed.resolve(error));
    expect(await failed.promise).toBeInstanceOf(Error);
    server.forceShutdown();
    holder.close();
    expect(lines).toContainEqual({ said: expect.stringContaining('No address added') });
  });

  it('quotes no metadata of callers', () => {
    const warned: unknown[] = [];
    const told: unknown[] = [];
    logLibrary({
      warn: (fields: object) => void warned.push(fields),
      debug: (fields: object) => void told.push(fields),
    });
    Metadata.fromHttp2Headers({ 'x-token': 's\u00e9cret', 'x-other': 'plain' });
    expect(warned).toEqual([]);
    expect(told).toEqual([{ said: 'Failed to add metadata entry x-token' }]);
  });
});

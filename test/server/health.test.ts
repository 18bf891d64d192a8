import { once } from 'node:events';
import {
  type ClientReadableStream,
  credentials,
  makeClientConstructor,
  Server,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  HealthCheckRequest,
  HealthCheckResponse,
} from '../../src/gen/grpc/health/v1/health.ts';
import { createHealth, type Health } from '../../src/server/health.ts';
import { bindLibrary } from '../support/bind-library.ts';

type ServiceClient = InstanceType<ReturnType<typeof makeClientConstructor>>;

interface Status {
  readonly status: string;
}

const SERVICE = 'tamma.provider.v1.IAIProvider';
const FOLLOWING = ['', SERVICE, 'readiness'];

/** The client's side comes from the published proto file, through another library. */
function connect(address: string): ServiceClient {
  const definition = loadSync('grpc/health/v1/health.proto', {
    includeDirs: ['third_party'],
    keepCase: true,
    enums: String,
    defaults: true,
  });
  const service = definition['grpc.health.v1.Health'] as ServiceDefinition;
  const Client = makeClientConstructor(service, 'Health');
  return new Client(address, credentials.createInsecure());
}

describe('health', () => {
  let health: Health;
  let server: Server;
  let client: ServiceClient;
  let served: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>[];

  beforeEach(async () => {
    health = createHealth([SERVICE]);
    served = [];
    server = new Server();
    server.addService(health.definition, {
      ...health.implementation,
      watch(stream: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) {
        served.push(stream);
        health.implementation.watch(stream);
      },
    });
    const address = await bindLibrary(server);
    client = connect(address);
  });
  afterEach(() => {
    client.close();
    server.forceShutdown();
  });

  function unary<T>(method: string, request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      client[method]?.call(client, request, (error: Error | null, response: T) =>
        error === null ? resolve(response) : reject(error),
      );
    });
  }

  const check = (service: string) => unary<Status>('Check', { service });

  function watch(service: string): ClientReadableStream<Status> {
    return client.Watch?.call(client, { service });
  }

  async function next(stream: ClientReadableStream<Status>): Promise<string> {
    const [message] = await once(stream, 'data');
    return message.status;
  }

  it.each(FOLLOWING)(
    'checks %j: not serving until told so, and again when told not',
    async (name) => {
      expect(await check(name)).toEqual({ status: 'NOT_SERVING' });
      health.setServing(true);
      expect(await check(name)).toEqual({ status: 'SERVING' });
      health.setServing(false);
      expect(await check(name)).toEqual({ status: 'NOT_SERVING' });
    },
  );

  it('is alive whatever it serves', async () => {
    expect(await check('liveness')).toEqual({ status: 'SERVING' });
    health.endWatches();
    expect(await check('liveness')).toEqual({ status: 'SERVING' });
  });

  it('answers NOT_FOUND to a check of an unknown service', async () => {
    await expect(check('tamma.None')).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'unknown service',
    });
  });

  it('lists all names with their statuses', async () => {
    const { statuses } = await unary<{ statuses: Record<string, Status> }>('List', {});
    expect(statuses).toEqual({
      '': { status: 'NOT_SERVING' },
      [SERVICE]: { status: 'NOT_SERVING' },
      liveness: { status: 'SERVING' },
      readiness: { status: 'NOT_SERVING' },
    });
  });

  it.each(FOLLOWING)(
    'tells a watcher of %j the status at once, then changes only',
    async (name) => {
      const stream = watch(name);
      expect(await next(stream)).toBe('NOT_SERVING');
      health.setServing(false);
      health.setServing(true);
      expect(await next(stream)).toBe('SERVING');
      health.setServing(true);
      health.setServing(false);
      expect(await next(stream)).toBe('NOT_SERVING');
      health.endWatches();
      await once(stream, 'end');
    },
  );

  it('keeps the watch of an unknown service open', async () => {
    const stream = watch('tamma.None');
    expect(await next(stream)).toBe('SERVICE_UNKNOWN');
    health.setServing(true);
    health.endWatches();
    const more = jest.fn();
    stream.on('data', more);
    const [ended] = await once(stream, 'status');
    expect(ended.code).toBe(status.OK);
    expect(more).not.toHaveBeenCalled();
  });

  it('ends watches with OK after NOT_SERVING so that a graceful shutdown completes', async () => {
    health.setServing(true);
    const stream = watch('readiness');
    const alive = watch('liveness');
    expect(await Promise.all([next(stream), next(alive)])).toEqual(['SERVING', 'SERVING']);
    const shutDown = new Promise((resolve) => server.tryShutdown(resolve));
    const endings = Promise.all([once(stream, 'status'), once(alive, 'status')]);
    const last = next(stream);
    alive.resume();
    health.endWatches();
    expect(await last).toBe('NOT_SERVING');
    expect((await endings).map(([ended]) => ended.code)).toEqual([status.OK, status.OK]);
    client.close();
    expect(await shutDown).toBeUndefined();
  });

  it('tells a watcher that comes after the end the status and ends it', async () => {
    health.endWatches();
    const stream = watch('readiness');
    expect(await next(stream)).toBe('NOT_SERVING');
    const [ended] = await once(stream, 'status');
    expect(ended.code).toBe(status.OK);
  });

  it('lets go of a watcher that cancels', async () => {
    const stream = watch('');
    stream.on('error', () => undefined);
    await next(stream);
    const [opposite] = served;
    if (opposite === undefined) throw new Error('the server saw no watch');
    stream.cancel();
    await once(opposite, 'close');
    const write = jest.spyOn(opposite, 'write');
    const end = jest.spyOn(opposite, 'end');
    health.setServing(true);
    health.endWatches();
    expect(write).not.toHaveBeenCalled();
    expect(end).not.toHaveBeenCalled();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Histogram } from '@opentelemetry/api';
import type { ErrorKind } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { IAIProviderService } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { assertComplete } from '../../../src/server/rpc/raw-service.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aResponse } from '../../support/fake-provider.ts';
import { codeName, collect, failureOf, statusDetails } from '../../support/grpc-client.ts';
import { REQUEST, serverPerTest } from '../../support/server-per-test.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** An error that breaks whatever looks at it. */
class Poison extends ProviderError {
  override get kind(): ErrorKind {
    throw new Error('poison');
  }
}

const DEADLINE_MS = 600_000;

const start = serverPerTest();

describe('an RPC', () => {
  it('ends with a bare INTERNAL when its error cannot be put into words', async () => {
    const server = await start();
    const poison = () => {
      throw new Poison('TIMEOUT');
    };
    server.provider.script = poison;
    server.provider.answerSync = async () => poison();
    const { status } = await collect(server.client.provider.stream('SendMessage', REQUEST));
    const error = await failureOf(server.client.provider.unary('SendMessageSync', REQUEST));
    for (const result of [status, error]) {
      expect(codeName(result)).toBe('INTERNAL');
      expect(statusDetails(result)).toEqual([]);
    }
    expect(await server.log.find(({ level }) => level === 'error')).toMatchObject({
      err: { message: 'poison' },
    });
    expect(server.server.activeCalls()).toBe(0);
  });

  it('is answered although telemetry breaks', async () => {
    const broken = {
      record() {
        throw new Error('no metrics today');
      },
    } as unknown as Histogram;
    const { instruments } = new TelemetryProbe();
    const server = await start(
      {},
      { instruments: { ...instruments, rpcServerCallDuration: broken } },
    );
    const answer = await server.client.provider.unary('SendMessageSync', REQUEST);
    expect(answer).toMatchObject({ response: { content: 'Hello' } });
    await server.log.find(({ err }) => JSON.stringify(err ?? '').includes('no metrics today'));
  });

  it('records its duration, by method and code', async () => {
    const server = await start();
    await server.client.provider.unary('SendMessageSync', REQUEST);
    server.provider.answerSync = async () => {
      throw new ProviderError('TIMEOUT');
    };
    await failureOf(server.client.provider.unary('SendMessageSync', REQUEST));
    const identity = {
      'rpc.system.name': 'grpc',
      'rpc.method': 'tamma.provider.v1.IAIProvider/SendMessageSync',
    };
    expect(await server.telemetry.measured('rpc.server.call.duration')).toMatchObject([
      { attributes: { ...identity, 'rpc.status_code': 'OK' }, count: 1 },
      {
        attributes: {
          ...identity,
          'rpc.status_code': 'UNAVAILABLE',
          'error.type': 'UNAVAILABLE',
        },
        count: 1,
      },
    ]);
  });

  it('is answered once, whatever its function does after it was given up', async () => {
    const clock = new FakeClock();
    const server = await start({}, { clock });
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    server.provider.answerSync = async () => {
      asked.resolve();
      await late.promise;
      return aResponse();
    };
    const deadline = Date.now() + DEADLINE_MS;
    const failure = failureOf(
      server.client.provider.unary('SendMessageSync', REQUEST, { deadline }),
    );
    await asked.promise;
    clock.advance(DEADLINE_MS);
    // It waits a little for what the call has used.
    clock.advance(10);
    const error = await failure;
    expect(codeName(error)).toBe('DEADLINE_EXCEEDED');
    late.resolve();
    await server.log.ofCall('SendMessageSync');
    server.provider.answerSync = async () => aResponse();
    expect(await server.client.provider.unary('SendMessageSync', REQUEST)).toBeDefined();
    expect(server.log.lines).toHaveLength(2);
    expect(server.telemetry.spans).toHaveLength(2);
  });
});

describe('assertComplete', () => {
  it('names the method that has no handler', () => {
    const { dispose: _dispose, ...methods } = IAIProviderService;
    const implementation = Object.fromEntries(Object.keys(methods).map((name) => [name, () => {}]));
    expect(() => assertComplete(methods, implementation)).not.toThrow();
    expect(() => assertComplete(IAIProviderService, implementation)).toThrow(
      'no handler for /tamma.provider.v1.IAIProvider/Dispose',
    );
  });
});

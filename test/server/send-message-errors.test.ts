import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { completed, started, text } from '../support/events.ts';
import { codeName, collect, statusDetail, statusDetails } from '../support/grpc-client.ts';
import type { RunningServer } from '../support/running-server.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const PROMPT = 'a prompt that nobody may log';
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: PROMPT }] } };
const ERROR_INFO = 'google.rpc.ErrorInfo';
const FAILURE_INFO = 'tamma.provider.v1.FailureInfo';

const start = serverPerTest();

const send = ({ client }: RunningServer, settings = {}) =>
  client.provider.stream('SendMessage', REQUEST, settings);

describe('SendMessage', () => {
  it.each<[string, () => unknown]>([
    ['an Error', () => new Error('the secret insides')],
    ['a string', () => 'the secret insides'],
    ['undefined', () => undefined],
    ['a DOMException', () => new DOMException('the secret insides', 'AbortError')],
  ])('answers INTERNAL and says nothing when %s is thrown', async (_what, thrown) => {
    const server = await start();
    server.provider.script = () => {
      throw thrown();
    };
    const { status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'INTERNAL' });
    expect(JSON.stringify([status.details, statusDetails(status)])).not.toContain('secret');
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ level: 'error' });
  });

  it('logs the cause of INTERNAL with its stack', async () => {
    const server = await start();
    server.provider.script = () => {
      throw new TypeError('x is not a function');
    };
    await collect(send(server));
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      err: { type: 'TypeError', message: 'x is not a function', stack: expect.any(String) },
    });
  });

  it('delivers what came before an error, then the error with the last sequence', async () => {
    const server = await start();
    server.provider.script = async function* () {
      yield started();
      yield text('Hel');
      throw new ProviderError('STREAM_INTERRUPTED');
    };
    const { messages, status } = await collect(send(server));
    expect(messages).toHaveLength(2);
    expect(codeName(status)).toBe('ABORTED');
    expect(statusDetail(status, FAILURE_INFO)).toMatchObject({ lastSequence: 2 });
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      level: 'warn',
      reason: 'STREAM_INTERRUPTED',
    });
  });

  it('does not say completed when the provider fails after it', async () => {
    const server = await start();
    server.provider.script = async function* () {
      yield started();
      yield completed();
      throw new Error('the ledger is full');
    };
    const { messages, status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(messages).toHaveLength(1);
  });

  it('is INTERNAL with details when an event cannot be encoded', async () => {
    const server = await start();
    server.provider.script = async function* () {
      yield text(null as unknown as string, 1);
      yield completed();
    };
    const { status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'INTERNAL' });
  });

  it('hands the provider what it could not read, to be refused with the rest', async () => {
    const server = await start();
    const request = { options: { recovery: 99 } };
    await collect(server.client.provider.stream('SendMessage', request));
    expect(server.provider.calls[0]?.options.violations?.map(({ field }) => field)).toEqual([
      'request',
      'options.recovery',
    ]);
  });
});

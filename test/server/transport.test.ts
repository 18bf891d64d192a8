import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../src/core/events.ts';
import { completed, started, text } from '../support/events.ts';
import { codeName, collect } from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { type RunningServer, startServer } from '../support/running-server.ts';
import { REQUEST, REQUEST_BYTES } from '../support/server-per-test.ts';
import { standsStill } from '../support/stands-still.ts';

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';
const INVALID_ARGUMENT = 3;
const UNIMPLEMENTED = 12;
const RESOURCE_EXHAUSTED = 8;

let server: RunningServer;
let raw: RawGrpc;

beforeEach(async () => {
  server = await startServer({ maxMessageBytes: 1024 });
  raw = new RawGrpc(server.addresses[0] ?? '');
});

afterEach(async () => {
  await raw.close();
  await server.stop();
});

/** Endless text, with counters of what was taken. */
function flood() {
  const taken = { events: 0, returned: false };
  let onReturn = (): void => {};
  const returned = new Promise<void>((resolve) => {
    onReturn = resolve;
  });
  async function* answer(): AsyncGenerator<ProviderEvent> {
    try {
      yield started();
      for (;;) {
        taken.events += 1;
        yield text('x'.repeat(4096));
      }
    } finally {
      taken.returned = true;
      onReturn();
    }
  }
  return { answer, taken, returned };
}

describe('the transport', () => {
  it('sends what one turn of the event loop brings in one piece', async () => {
    server.provider.script = async function* () {
      yield started();
      yield text('one');
      yield text('two');
      yield completed();
    };
    const stream = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    expect(await grpcStatus(stream)).toBe(0);
    expect(pieces).toHaveLength(1);
    expect(Buffer.concat(pieces).toString()).toMatch(/one.*two/s);
  });

  it('stops pulling while the caller does not read, and goes on when it does', async () => {
    const { answer, taken } = flood();
    server.provider.script = answer;
    const stream = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    await once(stream, 'response');
    const held = await standsStill(() => taken.events);
    // The writer's 1 MiB, one HTTP/2 window, what its stream takes before it says that it is full, 64 KiB each, and
    // the 16 messages that grpc-js queues, which hold at most 64 KiB each.
    expect(held * 4096).toBeLessThan(2.5 * 1024 * 1024);
    stream.on('error', () => {});
    stream.resume();
    while (taken.events < held + 100) await once(stream, 'data');
    stream.close();
  });

  it('leaves the answer of a caller who hangs up without having read it', async () => {
    const { answer, taken, returned } = flood();
    server.provider.script = answer;
    const stream = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    stream.on('error', () => {});
    await once(stream, 'response');
    await standsStill(() => taken.events);
    await raw.close();
    await returned;
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ code: 'CANCELLED' });
    expect(server.provider.calls[0]?.options.signal?.reason).toMatchObject({ reason: 'CANCELLED' });
    expect(server.server.activeCalls()).toBe(0);
  });

  it('refuses bytes that are not the message, logs it, and lives on', async () => {
    const garbage = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    expect(await grpcStatus(raw.call(SEND_MESSAGE, garbage))).toBe(INVALID_ARGUMENT);
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ reason: 'INVALID_REQUEST' });
    const unary = raw.call('/tamma.provider.v1.IAIProvider/CountTokens', garbage);
    expect(await grpcStatus(unary)).toBe(INVALID_ARGUMENT);
    expect(await grpcStatus(raw.call(SEND_MESSAGE, REQUEST_BYTES))).toBe(0);
  });

  it('refuses a request above the limit', async () => {
    const stream = raw.call(SEND_MESSAGE, Buffer.alloc(1025));
    expect(await grpcStatus(stream)).toBe(RESOURCE_EXHAUSTED);
    expect(server.provider.calls).toEqual([]);
  });

  it('answers UNIMPLEMENTED to what it does not know', async () => {
    const path = '/tamma.provider.v1.IAIProvider/Nonsense';
    expect(await grpcStatus(raw.call(path, REQUEST_BYTES))).toBe(UNIMPLEMENTED);
  });

  it('survives a caller who is gone before the handler starts', async () => {
    const stream = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    stream.on('error', () => {});
    stream.close(8);
    await once(stream, 'close');
    expect(await grpcStatus(raw.call(SEND_MESSAGE, REQUEST_BYTES))).toBe(0);
  });

  it('sends a message larger than the limit of what it receives', async () => {
    server.provider.script = async function* () {
      yield text('x'.repeat(100_000));
      yield completed();
    };
    const { status } = await collect(server.client.provider.stream('SendMessage', REQUEST));
    expect(codeName(status)).toBe('OK');
  });
});

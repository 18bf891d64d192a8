import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SendMessageResponse } from '../../src/gen/tamma/provider/v1/provider.ts';
import { codeName, collect } from '../support/grpc-client.ts';
import { RawGrpc } from '../support/raw-grpc.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { REQUEST_BYTES } from '../support/server-per-test.ts';
import { standsStill } from '../support/stands-still.ts';
import { answer, type Behaviour } from '../support/upstream/index.ts';

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';
const DELTA_LENGTH = 1024;
/** What one delta is merged to at most: more than one read of a socket brings. */
const MAX_DELTA_LENGTH = 64 * DELTA_LENGTH;

let running: RunningApp;
let raw: RawGrpc;

async function start(yaml?: string): Promise<void> {
  running = await startApp(yaml);
  raw = new RawGrpc(running.addresses[0] ?? '');
}

async function stop(): Promise<void> {
  await raw.close();
  await running.stop();
}

async function restart(yaml: string): Promise<void> {
  await stop();
  await start(yaml);
}

beforeEach(() => start());
afterEach(stop);

/** Deltas that hold their number, as fast as the socket takes them. */
function numbered() {
  const sent = { deltas: 0 };
  const upstream: Behaviour = async (exchange) => {
    while (!exchange.signal.aborted) {
      exchange.chunk({ content: String(sent.deltas).padStart(DELTA_LENGTH) });
      sent.deltas += 1;
      if (exchange.res.writableNeedDrain) await exchange.writable();
    }
  };
  return { upstream, sent };
}

/** The messages of a stream, from now on. */
async function* messagesOf(stream: ClientHttp2Stream): AsyncGenerator<SendMessageResponse> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of stream) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const end = 5 + bytes.readUInt32BE(1);
      yield SendMessageResponse.decode(bytes.subarray(5, end));
      bytes = bytes.subarray(end);
    }
  }
}

describe('a caller that does not read', () => {
  it('holds the upstream back, and gets everything in fewer, larger deltas when it reads', async () => {
    const { upstream, sent } = numbered();
    running.stub.enqueue(upstream);
    const stream = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    await once(stream, 'response');
    const held = await standsStill(() => sent.deltas);
    expect(running.stub.requests[0]?.closedBy).toBeUndefined();

    const lengths: number[] = [];
    let sequence = 0;
    let read = 0;
    for await (const message of messagesOf(stream)) {
      sequence += 1;
      expect(message.sequence).toBe(sequence);
      const text = message.event?.$case === 'textDelta' ? message.event.value.text : '';
      lengths.push(text.length);
      for (let at = 0; at < text.length; at += DELTA_LENGTH) {
        expect(Number(text.slice(at, at + DELTA_LENGTH))).toBe(read);
        read += 1;
      }
      if (read > held) break;
    }
    const largest = Math.max(...lengths);
    expect(largest).toBeGreaterThan(MAX_DELTA_LENGTH / 2);
    expect(largest).toBeLessThanOrEqual(MAX_DELTA_LENGTH);
    expect(sent.deltas).toBeGreaterThan(held);

    const request = await running.stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it('keeps no other waiting for its permit once the upstream has finished', async () => {
    await restart('rateLimiting: { maxConcurrent: 1 }');
    const { client, stub } = running;
    const deltas = Array.from({ length: 200 }, () => 'x'.repeat(DELTA_LENGTH));
    stub.enqueue(answer({ deltas }), answer({ deltas: ['Hello'] }));
    const unread = raw.call(SEND_MESSAGE, REQUEST_BYTES);
    await once(unread, 'response');

    const { messages, status } = await collect(client.provider.stream('SendMessage', aRequest()));
    expect(codeName(status)).toBe('OK');
    expect(messages.at(-1)?.event).toBe('completed');

    let received = '';
    let last: string | undefined;
    for await (const { event } of messagesOf(unread)) {
      if (event?.$case === 'textDelta') received += event.value.text;
      last = event?.$case;
    }
    expect(received).toBe(deltas.join(''));
    expect(last).toBe('completed');
  });
});

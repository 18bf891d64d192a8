import { describe, expect, it } from '@jest/globals';
import type { Emit } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Flow } from '../../../src/core/flow.ts';
import type { SendMessageResponse } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { serializeSendMessageResponse } from '../../../src/server/output/encode-response.ts';
import { writeAnswer } from '../../../src/server/output/event-writer.ts';
import { MessageStream } from '../../../src/server/output/message-stream.ts';
import { completed, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const PIECE = 'x'.repeat(64 * 1024);

/** A transport that takes one message and then none until it is drained. */
class SlowTransport {
  writableLength = 0;
  written = 0;
  #onDrain: (() => void) | undefined;

  write(): boolean {
    this.written += 1;
    return false;
  }

  once(_event: 'drain', listener: () => void): void {
    this.#onDrain = listener;
  }

  off(): void {
    this.#onDrain = undefined;
  }

  async drain(): Promise<void> {
    this.#onDrain?.();
    for (let i = 0; i < 4; i += 1) await null;
  }
}

const NO_STALL = { clock: new FakeClock(), ms: 60_000, abort: () => {} };

function open() {
  const transport = new SlowTransport();
  const controller = new AbortController();
  const sent: SendMessageResponse[] = [];
  const stream = new MessageStream<SendMessageResponse>(
    transport,
    (message) => {
      sent.push(message);
      return serializeSendMessageResponse(message);
    },
    controller.signal,
    NO_STALL,
  );
  const end = Promise.withResolvers<ReturnType<typeof completed>>();
  let emit: Emit = () => {};
  let flow: Flow | undefined;
  const written = writeAnswer(
    (pass, of) => {
      emit = pass;
      flow = of;
      return end.promise;
    },
    stream,
    (reason) => controller.abort(reason),
  );
  written.catch(() => {});
  const kinds = () => sent.map(({ event }) => event?.$case);
  return { transport, controller, end, written, kinds, sent, emit, flow: flow as Flow | undefined };
}

describe('writeAnswer', () => {
  it('joins what comes while the transport is full, and writes it when it has drained', async () => {
    const { transport, emit, kinds, sent } = open();
    emit(started());
    for (const letter of ['a', 'b', 'c']) emit(text(letter));
    expect(kinds()).toEqual(['started']);
    await transport.drain();
    expect(sent[1]).toMatchObject({ sequence: 2, event: { value: { text: 'abc' } } });
  });

  it('takes a short answer whole though its caller does not read', () => {
    const { emit, flow } = open();
    emit(started());
    for (let i = 0; i < 12; i += 1) emit(text(PIECE));
    expect(flow?.held).toBe(false);
  });

  it('holds the upstream back above 1 MiB, until half of it is written', async () => {
    const { transport, emit, flow } = open();
    emit(started());
    for (let i = 0; i < 17; i += 1) emit(text(PIECE));
    expect(flow?.held).toBe(true);
    for (let i = 0; i < 5; i += 1) await transport.drain();
    expect(flow?.held).toBe(true);
    for (let i = 0; i < 5; i += 1) await transport.drain();
    expect(flow?.held).toBe(false);
  });

  it('writes completed last, after all that waits', async () => {
    const { transport, emit, end, kinds, written } = open();
    emit(started());
    emit(text('a'));
    end.resolve(completed());
    await null;
    expect(kinds()).toEqual(['started']);
    await transport.drain();
    await written;
    expect(kinds()).toEqual(['started', 'textDelta', 'completed']);
  });

  it('ends the call with INTERNAL when an event cannot be encoded, and throws at nobody', async () => {
    const { controller, emit } = open();
    expect(() => emit(text(null as unknown as string, 1))).not.toThrow();
    expect(controller.signal.reason).toMatchObject({ reason: 'INTERNAL' });
    expect(() => emit(text('more'))).not.toThrow();
  });

  it('is over at once when the call ends while the caller does not read', async () => {
    const { controller, emit, end, kinds, written } = open();
    emit(started());
    emit(text('a'));
    end.resolve(completed());
    const reason = new ProviderError('CANCELLED');
    controller.abort(reason);
    await expect(written).rejects.toBe(reason);
    expect(kinds()).toEqual(['started']);
  });

  it('writes nothing that is emitted after the answer has resolved', async () => {
    const { transport, emit, end, kinds, sent, written } = open();
    emit(started());
    emit(text('a'));
    end.resolve(completed());
    for (let i = 0; i < 4; i += 1) await null;
    emit(text(' late'));
    await transport.drain();
    await written;
    emit(text(' later'));
    await transport.drain();
    expect(kinds()).toEqual(['started', 'textDelta', 'completed']);
    expect(sent[1]?.event).toMatchObject({ value: { text: 'a' } });
  });

  it('writes nothing, and ends no call, when an event comes after the answer has failed', async () => {
    const { controller, emit, end, kinds, written } = open();
    const failure = new ProviderError('NETWORK_ERROR');
    end.reject(failure);
    await expect(written).rejects.toBe(failure);
    emit(started());
    expect(kinds()).toEqual([]);
    expect(controller.signal.aborted).toBe(false);
  });

  it('holds the upstream of any slow caller when much waits for all of them together', async () => {
    const answers = Array.from({ length: 80 }, open);
    for (const { emit } of answers) {
      emit(started());
      for (let piece = 0; piece < 15; piece += 1) emit(text(PIECE));
    }
    expect(answers[0]?.flow?.held).toBe(false);
    expect(answers.at(-1)?.flow?.held).toBe(true);
    for (const { end, written } of answers) {
      end.reject(new ProviderError('CANCELLED'));
      await written.catch(() => {});
    }
  });

  it('counts what waits in HTTP/2 among it', async () => {
    const [large, other] = [open(), open()];
    large.transport.writableLength = 65 * 2 ** 20;
    large.emit(started());
    expect(large.flow?.held).toBe(true);
    other.emit(started());
    expect(other.flow?.held).toBe(true);
    await other.transport.drain();
    expect(other.flow?.held).toBe(false);
    await large.transport.drain();
    other.emit(text('more'));
    expect(other.flow?.held).toBe(false);
    for (const { end, written, transport } of [large, other]) {
      end.resolve(completed());
      await null;
      await transport.drain();
      await written;
    }
  });
});
